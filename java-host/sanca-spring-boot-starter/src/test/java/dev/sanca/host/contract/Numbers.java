package dev.sanca.host.contract;

import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolkitComponent;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Numbers in and out, to the digit. */
@ToolkitComponent(name = "numbers")
class Numbers {
    @ToolMethod
    public byte int8(byte value) {
        return value;
    }

    @ToolMethod
    public short int16(short value) {
        return value;
    }

    @ToolMethod
    public int int32(int value) {
        return value;
    }

    @ToolMethod
    public long int64(long value) {
        return value;
    }

    @ToolMethod
    public float float32(float value) {
        return value;
    }

    @ToolMethod
    public double float64(double value) {
        return value;
    }

    @ToolMethod
    public boolean truth(boolean value) {
        return value;
    }

    @ToolMethod
    public Byte boxedInt8(Byte value) {
        return value;
    }

    @ToolMethod
    public Short boxedInt16(Short value) {
        return value;
    }

    @ToolMethod
    public Integer boxedInt32(Integer value) {
        return value;
    }

    @ToolMethod
    public Long boxedInt64(Long value) {
        return value;
    }

    @ToolMethod
    public Float boxedFloat32(Float value) {
        return value;
    }

    @ToolMethod
    public Double boxedFloat64(Double value) {
        return value;
    }

    @ToolMethod
    public Boolean boxedTruth(Boolean value) {
        return value;
    }

    @ToolMethod
    public BigDecimal decimal(BigDecimal value) {
        return value;
    }

    @ToolMethod
    public BigInteger bigInteger(BigInteger value) {
        return value;
    }

    @ToolMethod
    public Number number(Number value) {
        return value;
    }

    @ToolMethod
    public @Nullable Integer nullableInt32(@Nullable Integer value) {
        return value;
    }

    @ToolMethod
    public @Nullable BigDecimal nullableDecimal(@Nullable BigDecimal value) {
        return value;
    }

    @ToolMethod
    public @Nullable Boolean nullableTruth(@Nullable Boolean value) {
        return value;
    }

    @ToolMethod
    public OptionalInt optionalInt32(OptionalInt value) {
        return value;
    }

    @ToolMethod
    public OptionalLong optionalInt64(OptionalLong value) {
        return value;
    }

    @ToolMethod
    public OptionalDouble optionalFloat64(OptionalDouble value) {
        return value;
    }
}
