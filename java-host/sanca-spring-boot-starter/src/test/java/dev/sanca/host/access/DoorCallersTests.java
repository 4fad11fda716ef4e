package dev.sanca.host.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sanca.host.toolkit.CallContext;
import dev.sanca.host.toolkit.Effect;
import dev.sanca.host.toolkit.ToolDefinition;
import dev.sanca.host.toolkit.ToolDeniedException;
import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolkitComponent;
import dev.sanca.host.toolkit.ToolkitRegistry;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;

/** What callers of the engine's doors may call: what their key and the host both give them, and effects when agreed to. */
class DoorCallersTests {
    @TempDir
    Path home;

    private @Nullable ConfigurableApplicationContext host;

    @AfterEach
    void stop() {
        if (host != null) {
            host.close();
        }
    }

    @Test
    void aCallerHasTheRightsThatTheKeyAndTheHostBothGive() {
        start("sanca.access.door-rights=system:read,system:change");
        assertThat(identified("a2a", "default", "system:read", "orders:refund").rights())
                .containsExactly("system:read");
        assertThat(identified("mcp", "default", "*").rights()).containsExactly("system:read", "system:change");
        assertThat(identified("mcp", "default", "system:read").user()).isEqualTo("mcp:ci");
        assertThatCode(() -> check("a2a", "look", null, "system:read")).doesNotThrowAnyException();
        assertThatThrownBy(() -> check("a2a", "look", null, "sanca:ask"))
                .isInstanceOf(ToolDeniedException.class)
                .hasMessageContaining("system:read");
    }

    @Test
    void anEffectNeedsTheRightOfBothAndSomebodysAgreement() {
        start("sanca.access.door-rights=system:read,system:change");
        assertThatThrownBy(() -> check("mcp", "change", null, "system:change"))
                .isInstanceOf(ApprovalRequiredException.class);
        assertThatCode(() -> check("mcp", "change", "ci", "system:change")).doesNotThrowAnyException();
        assertThatThrownBy(() -> check("mcp", "change", "ci", "system:read"))
                .isInstanceOf(ToolDeniedException.class)
                .hasMessageContaining("system:change");
    }

    @Test
    void aHostThatGivesNothingLetsNothingThatNeedsARight() {
        start("sanca.access.local-rights=*"); // what a person at the machine may is no matter
        assertThat(identified("a2a", "default", "*").rights()).isEmpty();
        for (String tool : List.of("look", "change")) {
            assertThatThrownBy(() -> check("a2a", tool, "ci", "*")).isInstanceOf(ToolDeniedException.class);
        }
        assertThatCode(() -> check("a2a", "greet", null, "sanca:ask")).doesNotThrowAnyException();
        assertThatCode(() -> check("cli", "change", "ci", "*")).doesNotThrowAnyException();
    }

    @Test
    void aTenantThatTheHostDoesNotNameMayCallNothing() {
        start("sanca.access.door-rights=*", "sanca.access.door-tenants=acme");
        assertThat(identified("a2a", "acme", "system:read").tenant()).isEqualTo("acme");
        assertThatThrownBy(() -> check("a2a", "greet", null, "*"))
                .isInstanceOf(ToolDeniedException.class)
                .hasMessageContaining("door-tenants");
    }

    @Test
    void aRunThatTheHostStartedIsItsUsersWhateverTheEngineSays() {
        start("sanca.access.door-rights=*");
        host.getBean(RunPrincipals.class).record("run_d", new Principal("default", "ann", List.of("sanca:ask")));
        CallContext known = identified("a2a", "acme", "*");
        assertThat(List.of(known.tenant(), known.user())).containsExactly("default", "ann");
        assertThatThrownBy(() -> check("a2a", "look", null, "*")).isInstanceOf(ToolDeniedException.class);
    }

    private CallContext identified(String channel, String tenant, String... rights) {
        CallContext said =
                new CallContext("run_d/1", "run_d", "s", tenant, "ci", List.of(rights), channel, "", 20, null);
        return host.getBean(AccessRights.class).identify(said);
    }

    private void check(String channel, String tool, @Nullable String approvedBy, String... rights) {
        CallContext said =
                new CallContext("run_d/1", "run_d", "s", "default", "ci", List.of(rights), channel, "", 20, approvedBy);
        ToolDefinition definition =
                host.getBean(ToolkitRegistry.class).find("demo", tool).definition();
        AccessRights access = host.getBean(AccessRights.class);
        access.check(access.identify(said), "demo", definition, "{}");
    }

    private void start(String... more) {
        host = new SpringApplicationBuilder(Host.class)
                .web(WebApplicationType.NONE)
                .properties("spring.main.banner-mode=off", "sanca.engine.enabled=false", "sanca.gateway.port=0")
                .properties("sanca.home=" + home)
                .properties(more)
                .run();
    }

    @EnableAutoConfiguration
    static class Host {
        @Bean
        Kit kit() {
            return new Kit();
        }
    }

    @ToolkitComponent(name = "demo", description = "For tests.")
    static class Kit {
        @ToolMethod(description = "Greets.")
        String greet() {
            return "hello";
        }

        @ToolMethod(description = "Looks.", right = "system:read")
        String look() {
            return "fine";
        }

        @ToolMethod(description = "Changes.", effect = Effect.WRITE, right = "system:change")
        String change() {
            return "changed";
        }
    }
}
