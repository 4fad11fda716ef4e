package dev.sanca.host.calls;

import dev.sanca.host.ConfigurationException;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Results that are read piece by piece.
 *
 * @param inline a result of up to this size is answered whole
 * @param piece about how much one piece holds
 * @param items how many items the first piece of a stream holds at most
 * @param openPerRun how many such results a run may have; the one used least lately makes room
 * @param open the same for all runs
 * @param idle one that nobody reads for so long is closed
 */
@ConfigurationProperties("sanca.results")
record ResultProperties(
        @DefaultValue("1MB") DataSize inline,
        @DefaultValue("256KB") DataSize piece,
        @DefaultValue("200") int items,
        @DefaultValue("64") int openPerRun,
        @DefaultValue("1024") int open,
        @DefaultValue("5m") Duration idle) {

    ResultProperties {
        if (items < 1 || openPerRun < 1 || open < openPerRun) {
            throw new ConfigurationException("sanca.results: items (" + items + ") and open-per-run (" + openPerRun
                    + ") must be 1 or more, and open (" + open + ") not less than open-per-run.");
        }
    }
}
