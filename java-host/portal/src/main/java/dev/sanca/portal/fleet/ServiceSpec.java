package dev.sanca.portal.fleet;

import java.util.List;

/** One service as it should be: its name, its port and whom it calls. */
public record ServiceSpec(String name, int port, List<String> dependsOn) {

    /** The shop: storefront → checkout → payment, inventory. */
    static List<ServiceSpec> shop(int basePort) {
        return List.of(
                new ServiceSpec("storefront", basePort, List.of("checkout")),
                new ServiceSpec("checkout", basePort + 1, List.of("payment", "inventory")),
                new ServiceSpec("payment", basePort + 2, List.of()),
                new ServiceSpec("inventory", basePort + 3, List.of()));
    }

    public String folder() {
        return "services/" + name;
    }

    public String configPath() {
        return folder() + "/config.toml";
    }

    public String codePath() {
        return folder() + "/app.py";
    }
}
