package dev.sanca.host.calls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sanca.host.toolkit.CallContext;
import dev.sanca.host.toolkit.ToolArgumentException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Contexts of one run are read once, and no text makes one context look like another. */
class CallContextsTests {
    private final CallContexts contexts = new CallContexts();

    @Test
    void theNextCallOfARunHasItsOwnIdAndAllElseOfTheRun() {
        CallContext first = contexts.read(json("run_1/1", "run_1", "ann", 5));
        CallContext next = contexts.read(json("run_1/2", "run_1", "ann", 5));
        assertThat(next).isEqualTo(first.withCallId("run_1/2"));
        assertThat(next.rights()).isEqualTo(List.of("a", "b"));
    }

    @Test
    void whatDiffersElsewhereIsReadAnew() {
        assertThat(contexts.read(json("run_1/1", "run_1", "ann", 5)).user()).isEqualTo("ann");
        assertThat(contexts.read(json("run_1/2", "run_1", "bob", 5)).user()).isEqualTo("bob");
        assertThat(contexts.read(json("run_1/3", "run_1", "ann", 6)).timeoutSeconds())
                .isEqualTo(6);
        assertThat(contexts.read(json("run_2/1", "run_2", "ann", 5)).runId()).isEqualTo("run_2");
    }

    @Test
    void aRunWhoseContextIsKnownIsStillNotReachedByAnotherRunsId() {
        contexts.read(json("run_1/1", "run_1", "ann", 5));
        assertThatThrownBy(() -> contexts.read(json("run_2/1", "run_1", "ann", 5)))
                .isInstanceOf(ToolArgumentException.class)
                .hasMessageContaining("not one of run run_1");
        assertThatThrownBy(() -> contexts.read(json("run_1", "run_1", "ann", 5)))
                .isInstanceOf(ToolArgumentException.class);
        assertThatThrownBy(() -> contexts.read(json("run_12/1", "run_1", "ann", 5)))
                .isInstanceOf(ToolArgumentException.class);
    }

    @Test
    void aTextThatLooksLikeTheIdButIsNotIsNotTakenForIt() {
        String before = "{\"other\":{\"call_id\":\"x\"},\"call_id\":\"run_1/1\",\"run_id\":\"run_1\"}";
        String after = "{\"other\":{\"call_id\":\"run_1/9\"},\"call_id\":\"run_1/2\",\"run_id\":\"run_1\"}";
        assertThat(contexts.read(before).callId()).isEqualTo("run_1/1");
        assertThat(contexts.read(after).callId()).isEqualTo("run_1/2");
        assertThat(contexts.read(before).callId()).isEqualTo("run_1/1");
        String twice = "{\"other\":{\"call_id\":\"%s\"},\"call_id\":\"run_1/1\",\"run_id\":\"run_1\"}";
        assertThat(contexts.read(twice.formatted("run_1/1")).callId()).isEqualTo("run_1/1");
        assertThat(contexts.read(twice.formatted("run_1/5")).callId()).isEqualTo("run_1/1");
        String escaped = "{\"call_id\":\"run_1/\\u0037\",\"run_id\":\"run_1\"}";
        assertThat(contexts.read(escaped).callId()).isEqualTo("run_1/7");
        assertThat(contexts.read(escaped).callId()).isEqualTo("run_1/7");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "{",
                "{}",
                "{\"call_id\":\"",
                "{\"call_id\":\"run_1/1\"}",
                "{\"call_id\":\"run_1/1\",\"run_id\":\"\"}",
                "{\"call_id\":null,\"run_id\":\"run_1\"}"
            })
    void whatIsNoContextIsRefused(String text) {
        assertThatThrownBy(() -> contexts.read(text)).isInstanceOf(ToolArgumentException.class);
        assertThatThrownBy(() -> contexts.read(text)).isInstanceOf(ToolArgumentException.class);
    }

    private static String json(String callId, String runId, String user, int seconds) {
        return "{\"call_id\":\"" + callId + "\",\"timeout_seconds\":" + seconds + ",\"run_id\":\"" + runId
                + "\",\"session_id\":\"s\",\"tenant\":\"t\",\"user\":\"" + user
                + "\",\"rights\":[\"a\",\"b\"],\"channel\":\"chat\",\"trace_id\":\"\",\"pages\":true,\"texts\":true}";
    }
}
