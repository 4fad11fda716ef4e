package dev.sanca.host.toolkit;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Names close to a wrong one, for the sentence "did you mean". */
final class NearNames {
    private static final int MOST = 3;

    private NearNames() {}

    /** At most three of the names, best first; only those that could be meant. */
    static List<String> of(String wrong, Collection<String> names) {
        String lower = wrong.toLowerCase(Locale.ROOT);
        return names.stream()
                .filter(name -> couldMean(lower, name.toLowerCase(Locale.ROOT)))
                .sorted(Comparator.comparingInt(name -> distance(lower, name.toLowerCase(Locale.ROOT))))
                .limit(MOST)
                .toList();
    }

    /** {@code " Did you mean 'logs'?"}, or nothing. */
    static String hint(List<String> near) {
        return near.isEmpty() ? "" : " Did you mean '" + String.join("' or '", near) + "'?";
    }

    private static boolean couldMean(String wrong, String name) {
        return distance(wrong, name) <= Math.max(1, Math.min(wrong.length(), name.length()) / 2)
                || (wrong.length() > 2 && (name.contains(wrong) || wrong.contains(name)));
    }

    /** Edits from one to the other (Levenshtein), in one row of memory. */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int substituted = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }
}
