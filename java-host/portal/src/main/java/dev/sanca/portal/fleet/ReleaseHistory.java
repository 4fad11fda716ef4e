package dev.sanca.portal.fleet;

import dev.sanca.host.toolkit.system.SystemFacts.Commit;
import dev.sanca.host.toolkit.system.SystemFacts.Release;
import dev.sanca.portal.git.GitReader.TaggedCommit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Releases as the fleet means them: a tag, and the services whose files changed since the tag before it. */
final class ReleaseHistory {
    private static final int MOST_COMMITS = 2000;
    private final Fleet fleet;

    ReleaseHistory(Fleet fleet) {
        this.fleet = fleet;
    }

    List<Commit> commits(List<String> paths, int limit) {
        return fleet.repository().reader().log(paths, limit).stream()
                .map(TaggedCommit::commit)
                .toList();
    }

    List<Release> releases(@Nullable String service, int limit) {
        List<TaggedCommit> log = fleet.repository().reader().log(List.of(), MOST_COMMITS);
        List<Release> releases = new ArrayList<>();
        for (int i = 0; i < log.size() && releases.size() < limit; i++) {
            if (log.get(i).tags().isEmpty()) {
                continue;
            }
            List<String> touched = touchedSince(log, i);
            if (service == null || touched.contains(service)) {
                releases.add(release(log.get(i), touched));
            }
        }
        return releases;
    }

    private static Release release(TaggedCommit tagged, List<String> services) {
        Commit commit = tagged.commit();
        return new Release(
                tagged.tags().get(0), commit.commit(), commit.author(), commit.date(), commit.message(), services);
    }

    /** From the tagged commit back to the one before the previous tag. */
    private List<String> touchedSince(List<TaggedCommit> log, int tagged) {
        Set<String> touched = new TreeSet<>();
        for (int i = tagged; i < log.size() && (i == tagged || log.get(i).tags().isEmpty()); i++) {
            log.get(i).commit().files().forEach(file -> touched.addAll(servicesOf(file)));
        }
        return List.copyOf(touched);
    }

    private List<String> servicesOf(String file) {
        return fleet.specs().stream()
                .filter(spec -> file.startsWith(spec.folder() + "/") || file.startsWith("lib/"))
                .map(ServiceSpec::name)
                .toList();
    }
}
