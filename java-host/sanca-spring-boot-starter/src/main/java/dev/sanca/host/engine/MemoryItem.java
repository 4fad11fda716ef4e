package dev.sanca.host.engine;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One thing remembered.
 *
 * @param layer message, summary, knowledge, experience or preference
 * @param id names it, with layer, session and whether it is the whole tenant's
 * @param wholeTenant it belongs to the tenant, not to the user alone
 * @param time when it was said or became true, ISO 8601; empty: not known
 * @param data what else its layer knows
 * @param revision which writing of it this is
 * @param score of a search, 0 to 1
 */
public record MemoryItem(
        String layer,
        String id,
        String sessionId,
        boolean wholeTenant,
        String title,
        String text,
        String speaker,
        String time,
        String source,
        String document,
        String citation,
        String validUntil,
        Map<String, Object> data,
        int revision,
        String updatedAt,
        double score,
        List<MemoryReason> reasons,
        boolean canEdit,
        boolean canForget) {

    /** What names an item. */
    public record Key(String layer, String id, String sessionId, boolean wholeTenant) {}

    /**
     * What a person changes of an item, or adds.
     *
     * @param revision the one that was read; 0: a new item
     * @param title null: as it is
     * @param data null: as it is
     */
    public record Change(
            Key key,
            int revision,
            String text,
            @Nullable String title,
            @Nullable Map<String, Object> data) {}
}
