package dev.sanca.host.toolkit.javadoc;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A javadoc comment as plain sentences.
 *
 * @param text what comes before the first block tag
 * @param parameters what {@code @param} says, by name
 * @param result what {@code @return} says
 */
record JavadocComment(String text, Map<String, String> parameters, String result) {
    private static final Pattern INLINE = Pattern.compile("\\{@(\\w+)\\s*([^{}]*)}");
    private static final Pattern PARAMETER = Pattern.compile("@param\\s+(\\S+)\\s*(.*)", Pattern.DOTALL);
    private static final Pattern SPACES = Pattern.compile("[ \\t\\n\\r]+");

    /** Reads a comment as the compiler hands it over: without stars and slashes. */
    static JavadocComment of(String comment) {
        List<String> blocks = blocks(comment);
        Map<String, String> parameters = new LinkedHashMap<>();
        String result = "";
        for (String block : blocks.subList(1, blocks.size())) {
            Matcher parameter = PARAMETER.matcher(block);
            if (parameter.matches()) {
                parameters.put(parameter.group(1), plain(parameter.group(2)));
            } else if (block.startsWith("@return")) {
                result = plain(block.substring("@return".length()));
            }
        }
        return new JavadocComment(plain(blocks.get(0)), parameters, result);
    }

    /** The description, then one block for each tag that begins a line. */
    private static List<String> blocks(String comment) {
        List<StringBuilder> blocks = new ArrayList<>(List.of(new StringBuilder()));
        for (String line : comment.lines().map(String::strip).toList()) {
            if (line.startsWith("@")) {
                blocks.add(new StringBuilder());
            }
            blocks.get(blocks.size() - 1).append(line).append('\n');
        }
        return blocks.stream().map(StringBuilder::toString).toList();
    }

    private static String plain(String text) {
        String open = text;
        for (String before = ""; !before.equals(open); ) { // tags may stand in tags
            before = open;
            open = INLINE.matcher(open).replaceAll(tag -> Matcher.quoteReplacement(inline(tag.group(1), tag.group(2))));
        }
        String withoutTags = open.replaceAll("(?i)<(p|br|ul|ol|/li)\\s*/?>", "\u2029")
                .replaceAll("(?i)<li>", "- ")
                .replaceAll("</?[A-Za-z][^<>]*>", "");
        List<String> paragraphs = new ArrayList<>();
        for (String paragraph : withoutTags.split("\u2029")) {
            String line = SPACES.matcher(paragraph).replaceAll(" ").strip();
            if (!line.isEmpty()) {
                paragraphs.add(line);
            }
        }
        return entities(String.join("\n", paragraphs));
    }

    private static String inline(String tag, String content) {
        if (tag.equals("link") || tag.equals("linkplain")) {
            String[] parts = SPACES.split(content.strip(), 2);
            return parts.length == 2 ? parts[1] : parts[0].substring(parts[0].indexOf('#') + 1);
        }
        return tag.equals("inheritDoc") ? "" : content;
    }

    private static String entities(String text) {
        return text.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&nbsp;", " ")
                .replace("&quot;", "\"")
                .replace("&amp;", "&");
    }
}
