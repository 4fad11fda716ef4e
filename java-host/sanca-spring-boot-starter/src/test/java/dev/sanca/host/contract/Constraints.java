package dev.sanca.host.contract;

import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolkitComponent;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Email;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.Size;
import java.util.List;
import java.util.Map;

/** Bean Validation. */
@ToolkitComponent(name = "constraints")
class Constraints {
    @ToolMethod
    public int between(@Min(1) @Max(10) int value) {
        return value;
    }

    @ToolMethod
    public String notBlank(@NotBlank String value) {
        return value;
    }

    @ToolMethod
    public List<String> items(@Size(max = 3) List<@NotBlank String> value) {
        return value;
    }

    @ToolMethod
    public Signup signup(@Valid Signup value) {
        return value;
    }

    @ToolMethod
    public Map<String, Item> basket(Map<String, @Valid Item> value) {
        return value;
    }

    @ToolMethod
    public List<Object> several(@Positive int itemCount, @Email String email, @Valid Signup signup) {
        return List.of(itemCount, email, signup);
    }

    record Item(@NotBlank String article, @Positive int quantity) {}

    record Signup(@Email String email, @NotEmpty List<@Valid Item> orderLines) {}
}
