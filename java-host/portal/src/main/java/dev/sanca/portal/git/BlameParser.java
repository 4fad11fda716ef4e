package dev.sanca.portal.git;

import dev.sanca.host.toolkit.system.SystemFacts.BlameLine;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads {@code git blame --line-porcelain}: a header of words, then the line after a tab. */
final class BlameParser {
    private static final int SHORT = 10;

    private BlameParser() {}

    static List<BlameLine> parse(String text) {
        List<BlameLine> lines = new ArrayList<>();
        Map<String, String> header = new HashMap<>();
        String[] first = new String[0];
        for (String line : text.split("\n")) {
            if (line.startsWith("\t")) {
                Instant date = Instant.ofEpochSecond(Long.parseLong(header.getOrDefault("author-time", "0")));
                lines.add(new BlameLine(
                        Integer.parseInt(first[2]),
                        first[0].substring(0, SHORT),
                        header.getOrDefault("author", ""),
                        date,
                        line.substring(1)));
                first = new String[0];
                header.clear();
            } else if (first.length == 0) {
                first = line.split(" ");
            } else {
                int space = line.indexOf(' ');
                header.put(space < 0 ? line : line.substring(0, space), space < 0 ? "" : line.substring(space + 1));
            }
        }
        return lines;
    }
}
