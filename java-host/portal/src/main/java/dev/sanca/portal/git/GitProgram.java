package dev.sanca.portal.git;

import dev.sanca.host.ConfigurationException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs the git program on one repository, without the settings of the person who started us. */
final class GitProgram {
    private static final long LIMIT_SECONDS = 30;
    private final Path gitFolder;

    GitProgram(Path gitFolder) {
        this.gitFolder = gitFolder;
    }

    /** @throws ConfigurationException git is not installed */
    static void requireInstalled() {
        new GitProgram(Path.of(".")).run(List.of("--version"), new byte[0]);
    }

    String run(String... arguments) {
        return run(List.of(arguments));
    }

    String run(List<String> arguments) {
        return new String(run(arguments, new byte[0]), StandardCharsets.UTF_8);
    }

    /** @throws GitException git ended with an error; the message is git's own first line */
    byte[] run(List<String> arguments, byte[] input) {
        Process process = start(arguments);
        CompletableFuture<byte[]> output = CompletableFuture.supplyAsync(() -> read(process, false));
        CompletableFuture<byte[]> errors = CompletableFuture.supplyAsync(() -> read(process, true));
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(input);
        } catch (IOException ended) {
            // git ended before it read everything: its exit code and message tell why
        }
        try {
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                throw new GitException("git " + arguments.get(0) + " did not finish within " + LIMIT_SECONDS + " s.");
            }
            byte[] result = output.join();
            if (process.exitValue() != 0) {
                throw new GitException(firstLine(new String(errors.join(), StandardCharsets.UTF_8)));
            }
            return result;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new GitException("git " + arguments.get(0) + " was interrupted.");
        } finally {
            process.destroyForcibly();
        }
    }

    private Process start(List<String> arguments) {
        List<String> command = new ArrayList<>(List.of("git", "--git-dir=" + gitFolder, "--no-pager"));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command);
        String path = System.getenv("PATH");
        builder.environment().clear();
        builder.environment().put("PATH", path == null ? "/usr/bin:/bin" : path);
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.environment().put("GIT_CONFIG_NOSYSTEM", "1");
        builder.environment().put("GIT_CONFIG_GLOBAL", "/dev/null");
        try {
            return builder.start();
        } catch (IOException missing) {
            throw new ConfigurationException(
                    "The demo fleet needs the program git, which is not on the PATH: install git and start again.",
                    missing);
        }
    }

    private static byte[] read(Process process, boolean errors) {
        try {
            return (errors ? process.getErrorStream() : process.getInputStream()).readAllBytes();
        } catch (IOException closed) {
            return new byte[0];
        }
    }

    private static String firstLine(String text) {
        return text.lines()
                .filter(line -> !line.isBlank())
                .findFirst()
                .map(line -> line.replaceFirst("^(fatal|error): ", ""))
                .orElse("git gave no reason");
    }
}
