package dev.sanca.host.calls;

/** The items of a list that is there as JSON already: cut between items, never made again. */
final class JsonListPieces implements Pieces {
    private final String json;
    private final long total;
    private int position = 1; // behind the bracket

    /** @param json a JSON list without white space between its items, as Jackson writes it */
    JsonListPieces(String json) {
        this.json = json;
        this.total = count();
    }

    @Override
    public String kind() {
        return "items";
    }

    @Override
    public Long total() {
        return total;
    }

    @Override
    public boolean isStream() {
        return false;
    }

    @Override
    public Piece read(Limit limit) {
        int start = position;
        int end = start;
        long count = 0;
        while (json.charAt(position) != ']' && count < limit.most() && position - start < limit.chars()) {
            end = endOfItem(position);
            position = json.charAt(end) == ',' ? end + 1 : end;
            count++;
        }
        return new Piece("[" + json.substring(start, end) + "]", count, json.charAt(position) != ']');
    }

    @Override
    public void close() {
        // nothing is held but the text
    }

    private long count() {
        long count = 0;
        for (int at = 1; json.charAt(at) != ']'; count++) {
            int end = endOfItem(at);
            at = json.charAt(end) == ',' ? end + 1 : end;
        }
        return count;
    }

    /** Where the comma or bracket after the item is. */
    private int endOfItem(int start) {
        int depth = 0;
        for (int at = start; ; at++) {
            switch (json.charAt(at)) {
                case '"' -> at = endOfText(at);
                case '[', '{' -> depth++;
                case ']', '}' -> {
                    if (depth == 0) {
                        return at;
                    }
                    depth--;
                }
                case ',' -> {
                    if (depth == 0) {
                        return at;
                    }
                }
                default -> {
                    // part of a number or word
                }
            }
        }
    }

    private int endOfText(int quote) {
        int at = quote + 1;
        while (json.charAt(at) != '"') {
            at += json.charAt(at) == '\\' ? 2 : 1;
        }
        return at;
    }
}
