package dev.sanca.host.contract;

import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolkitComponent;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.Month;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Date;
import java.util.Optional;

/** Dates, times and spans. */
@ToolkitComponent(name = "times")
class Times {
    @ToolMethod
    public Instant instant(Instant value) {
        return value;
    }

    @ToolMethod
    public OffsetDateTime offsetDateTime(OffsetDateTime value) {
        return value;
    }

    @ToolMethod
    public ZonedDateTime zonedDateTime(ZonedDateTime value) {
        return value;
    }

    @ToolMethod
    public LocalDateTime localDateTime(LocalDateTime value) {
        return value;
    }

    @ToolMethod
    public LocalDate localDate(LocalDate value) {
        return value;
    }

    @ToolMethod
    public LocalTime localTime(LocalTime value) {
        return value;
    }

    @ToolMethod
    public OffsetTime offsetTime(OffsetTime value) {
        return value;
    }

    @ToolMethod
    public Duration duration(Duration value) {
        return value;
    }

    @ToolMethod
    public Period period(Period value) {
        return value;
    }

    @ToolMethod
    public Year year(Year value) {
        return value;
    }

    @ToolMethod
    public YearMonth yearMonth(YearMonth value) {
        return value;
    }

    @ToolMethod
    public MonthDay monthDay(MonthDay value) {
        return value;
    }

    @ToolMethod
    public ZoneId zoneId(ZoneId value) {
        return value;
    }

    @ToolMethod
    public ZoneOffset zoneOffset(ZoneOffset value) {
        return value;
    }

    @ToolMethod
    public DayOfWeek dayOfWeek(DayOfWeek value) {
        return value;
    }

    @ToolMethod
    public Month month(Month value) {
        return value;
    }

    @ToolMethod
    public Date date(Date value) {
        return value;
    }

    @ToolMethod
    public Optional<LocalDate> optionalDate(Optional<LocalDate> value) {
        return value;
    }
}
