package dev.sanca.host.toolkit;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.net.URL;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Currency;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;

/** What to call a Java type in a sentence for a person or a model. */
final class ArgumentKinds {
    private static final String WHOLE = "a whole number";
    private static final String CHARACTER = "one character";
    private static final String NUMBER = "a number";
    private static final String MOMENT = "a date and time like 2026-01-31T08:00:00Z";
    private static final Map<Class<?>, String> KINDS = Map.ofEntries(
            Map.entry(String.class, "a text"),
            Map.entry(char[].class, "a text"),
            Map.entry(char.class, CHARACTER),
            Map.entry(Character.class, CHARACTER),
            Map.entry(byte.class, WHOLE + " from -128 to 127"),
            Map.entry(Byte.class, WHOLE + " from -128 to 127"),
            Map.entry(short.class, WHOLE),
            Map.entry(Short.class, WHOLE),
            Map.entry(int.class, WHOLE),
            Map.entry(Integer.class, WHOLE),
            Map.entry(long.class, WHOLE),
            Map.entry(Long.class, WHOLE),
            Map.entry(BigInteger.class, WHOLE),
            Map.entry(double.class, NUMBER),
            Map.entry(Double.class, NUMBER),
            Map.entry(float.class, NUMBER),
            Map.entry(Float.class, NUMBER),
            Map.entry(BigDecimal.class, NUMBER),
            Map.entry(boolean.class, "true or false"),
            Map.entry(Boolean.class, "true or false"),
            Map.entry(Instant.class, MOMENT),
            Map.entry(OffsetDateTime.class, MOMENT),
            Map.entry(ZonedDateTime.class, MOMENT),
            Map.entry(LocalDateTime.class, "a date and time like 2026-01-31T08:00:00"),
            Map.entry(LocalDate.class, "a date like 2026-01-31"),
            Map.entry(LocalTime.class, "a time like 08:00"),
            Map.entry(Duration.class, "a duration like PT15M"),
            Map.entry(OffsetTime.class, "a time with offset like 08:00+08:00"),
            Map.entry(Period.class, "a period like P1Y2M3D"),
            Map.entry(Year.class, "a year like 2026"),
            Map.entry(YearMonth.class, "a month like 2026-01"),
            Map.entry(MonthDay.class, "a day of the year like --01-31"),
            Map.entry(ZoneId.class, "a time zone like Asia/Shanghai"),
            Map.entry(ZoneOffset.class, "an offset like +08:00"),
            Map.entry(URI.class, "a URI"),
            Map.entry(URL.class, "a URL"),
            Map.entry(Locale.class, "a language tag like zh-CN"),
            Map.entry(Currency.class, "a currency code like CNY"),
            Map.entry(Pattern.class, "a regular expression"),
            Map.entry(ByteBuffer.class, "base64 text"),
            Map.entry(UUID.class, "a UUID"),
            Map.entry(byte[].class, "base64 text"));

    private ArgumentKinds() {}

    static String describe(Class<?> type) {
        return KINDS.getOrDefault(type, type == Object.class ? "any value" : "an object");
    }
}
