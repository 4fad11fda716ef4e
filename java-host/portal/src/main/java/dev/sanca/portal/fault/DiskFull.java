package dev.sanca.portal.fault;

import dev.sanca.portal.fault.FaultCatalogue.Leftover;
import dev.sanca.portal.fault.FaultCatalogue.Leftovers;
import dev.sanca.portal.fleet.FleetOperations;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Old files that nobody removed fill a service's data folder up to its quota. */
final class DiskFull implements FaultMaker {
    private static final double MOST_USED = 0.8;
    private static final byte[] CHUNK =
            "2026-01-01;order;c-1042;8480;EUR;settled\n".repeat(1600).getBytes(StandardCharsets.UTF_8);
    private final FleetOperations fleet;
    private final Leftovers leftovers;

    DiskFull(FleetOperations fleet, Leftovers leftovers) {
        this.fleet = fleet;
        this.leftovers = leftovers;
    }

    @Override
    public Optional<Draft> draw(Dice dice, List<String> services) {
        List<String> candidates =
                services.stream().filter(leftovers.services()::contains).toList();
        if (candidates.isEmpty()) {
            return Optional.empty();
        }
        String service = dice.oneOf(candidates);
        Leftover leftover = dice.oneOf(leftovers.leftovers());
        int files = dice.oneOf(leftover.files());
        String description =
                files + " old files under " + leftover.folder() + "/ fill the data folder of " + service + ".";
        Map<String, String> cause =
                Map.of("folder", leftover.folder(), "name", leftover.name(), "files", Integer.toString(files));
        return Optional.of(new Draft(service, description, cause));
    }

    @Override
    public void make(Draft draft) {
        try {
            Path root = fleet.dataFolder(draft.service());
            Path folder = Files.createDirectories(root.resolve(draft.cause("folder")));
            int files = Integer.parseInt(draft.cause("files"));
            long each = (quota(draft.service()) - used(root)) / files;
            for (int i = 1; i <= files; i++) {
                long size = i < files ? each : quota(draft.service()) - used(root);
                Path file = folder.resolve(name(draft.cause("name"), i));
                write(file, size);
                Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofHours(24L * i))));
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    @Override
    public Optional<String> remains(Fault fault) {
        double share = (double) used(fleet.dataFolder(fault.service())) / quota(fault.service());
        return share < MOST_USED
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT, "the data folder of %s is %.0f %% full", fault.service(), share * 100));
    }

    private long quota(String service) {
        Object quota = fleet.deployedConfig(service).values().get("storage.quota_bytes");
        return quota instanceof Long bytes ? bytes : 0;
    }

    private static long used(Path root) {
        try (Stream<Path> files = Files.walk(root)) {
            return files.mapToLong(DiskFull::size).sum();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static long size(Path file) {
        try {
            return Files.isRegularFile(file) ? Files.size(file) : 0;
        } catch (IOException gone) {
            return 0;
        }
    }

    private static String name(String template, int number) {
        LocalDate day = LocalDate.now(ZoneOffset.UTC).minusDays(number);
        return template.replace("{date}", day.toString())
                .replace("{number}", String.format(Locale.ROOT, "%04d", number));
    }

    private static void write(Path file, long size) throws IOException {
        try (OutputStream out = Files.newOutputStream(file)) {
            for (long left = size; left > 0; left -= CHUNK.length) {
                out.write(CHUNK, 0, (int) Math.min(left, CHUNK.length));
            }
        }
    }
}
