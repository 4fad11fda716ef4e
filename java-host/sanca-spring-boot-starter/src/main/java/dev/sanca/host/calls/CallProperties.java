package dev.sanca.host.calls;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * How much the host remembers of calls.
 *
 * @param keepCount how many call ids are kept
 * @param keepFor how long a call id is kept
 * @param maxAnswer the largest answer that crosses to the engine
 * @param keepReadAnswer the largest read that is kept, arguments and answer; a repeated one above it is read again
 */
@ConfigurationProperties("sanca.calls")
record CallProperties(
        @DefaultValue("100000") int keepCount,
        @DefaultValue("30d") Duration keepFor,
        @DefaultValue("15MB") DataSize maxAnswer,
        @DefaultValue("64KB") DataSize keepReadAnswer) {}
