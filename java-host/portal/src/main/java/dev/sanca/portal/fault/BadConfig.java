package dev.sanca.portal.fault;

import dev.sanca.host.HostJson;
import dev.sanca.portal.fault.FaultCatalogue.Setting;
import dev.sanca.portal.fleet.ConfigFile;
import dev.sanca.portal.fleet.FleetOperations;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** A developer releases a setting with a wrong value. */
final class BadConfig implements FaultMaker {
    private final FleetOperations fleet;
    private final List<Setting> settings;

    BadConfig(FleetOperations fleet, List<Setting> settings) {
        this.fleet = fleet;
        this.settings = settings;
    }

    private record Choice(String service, Setting setting) {}

    @Override
    public Optional<Draft> draw(Dice dice, List<String> services) {
        List<Choice> choices = settings.stream()
                .flatMap(setting -> setting.services().stream()
                        .filter(services::contains)
                        .map(service -> new Choice(service, setting)))
                .toList();
        return choices.isEmpty() ? Optional.empty() : Optional.of(draft(dice, dice.oneOf(choices)));
    }

    private Draft draft(Dice dice, Choice choice) {
        Setting setting = choice.setting();
        Map<String, String> cause = new HashMap<>(dice.release(dice.message(setting.messages(), choice.service())));
        Object value =
                dice.oneOf(setting.ports() == null ? Objects.requireNonNull(setting.values()) : addresses(setting));
        Object before = fleet.deployedConfig(choice.service()).values().get(setting.key());
        cause.put("key", setting.key());
        cause.put("value", HostJson.MAPPER.writeValueAsString(value));
        cause.put("before", HostJson.MAPPER.writeValueAsString(before));
        cause.put("min", setting.min() == null ? "" : setting.min().toString());
        cause.put("max", setting.max() == null ? "" : setting.max().toString());
        String description = choice.service() + " was released with " + setting.key() + " = " + value + " instead of "
                + before + ".";
        return new Draft(choice.service(), description, cause);
    }

    private List<Object> addresses(Setting setting) {
        int first = fleet.services().get(0).port();
        Stream<Integer> ports = Objects.requireNonNull(setting.ports()).stream();
        return ports.<Object>map(port -> "http://127.0.0.1:" + (first + port)).toList();
    }

    @Override
    public void make(Draft draft) {
        ConfigFile file = fleet.deployedConfig(draft.service());
        Object value = HostJson.MAPPER.readValue(draft.cause("value"), Object.class);
        String path = fleet.service(draft.service()).configPath();
        fleet.publish(
                draft.service(),
                Map.of(path, file.with(draft.cause("key"), value).text()),
                draft.cause("author"),
                draft.cause("message"));
    }

    @Override
    public Optional<String> remains(Fault fault) {
        Object now = fleet.deployedConfig(fault.service()).values().get(fault.cause("key"));
        boolean sane = Settings.isSane(now, fault.cause("before"), fault.cause("min"), fault.cause("max"));
        return sane ? Optional.empty() : Optional.of(fault.cause("key") + " of " + fault.service() + " is " + now);
    }
}
