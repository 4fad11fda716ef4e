package dev.sanca.host.calls;

import dev.sanca.host.HostJson;
import org.jspecify.annotations.Nullable;

/** A piece of a result, as the envelope carries it. */
record PageAnswer(
        String handle,
        String kind,
        boolean stream,
        Pieces.Piece piece,
        long next,
        @Nullable Long total) {

    /** The {@code page} of the envelope. */
    String page() {
        return HostJson.MAPPER.writeValueAsString(new Page(handle, kind, stream, next, piece.more(), total));
    }

    private record Page(
            String handle,
            String kind,
            boolean stream,
            long next,
            boolean more,
            @Nullable Long total) {}
}
