package dev.sanca.portal.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.sanca.host.toolkit.ToolArgumentException;
import org.junit.jupiter.api.Test;

class ConfigFileTests {
    private static final ConfigFile FILE =
            new ConfigFile("# note\nserver.port = 1\nname = \"a\"\nserver.ports = 2\nflag = true\n");

    @Test
    void aChangeTouchesOneLineOnly() {
        assertThat(FILE.with("server.port", 9L).text())
                .isEqualTo("# note\nserver.port = 9\nname = \"a\"\nserver.ports = 2\nflag = true\n");
    }

    @Test
    void valuesHaveTheirTypesInTheOrderOfTheFile() {
        assertThat(FILE.values())
                .containsExactly(
                        entry("server.port", 1L), entry("name", "a"), entry("server.ports", 2L), entry("flag", true));
    }

    @Test
    void textIsQuotedSoThatItCannotAddLines() {
        String tricky = "x\" \\ #";
        assertThat(FILE.with("name", tricky).values()).containsEntry("name", tricky);
        assertThatThrownBy(() -> FILE.with("name", "a\nflag = false")).isInstanceOf(ToolArgumentException.class);
    }

    @Test
    void wholeNumbersStayWhole() {
        assertThat(ConfigFile.fitted("k", 1L, 2500.0)).isEqualTo(2500L);
        assertThat(ConfigFile.fitted("k", 1L, "2500")).isEqualTo(2500L);
        assertThatThrownBy(() -> ConfigFile.fitted("k", 1L, "soon")).hasMessageContaining("whole number");
        assertThatThrownBy(() -> ConfigFile.fitted("k", true, "yes")).hasMessageContaining("true or false");
    }
}
