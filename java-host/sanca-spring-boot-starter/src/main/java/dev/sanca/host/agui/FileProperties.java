package dev.sanca.host.agui;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Files that people give to a session.
 *
 * @param maxSize the largest file
 * @param types endings that are taken, without the dot
 */
@ConfigurationProperties("sanca.files")
record FileProperties(
        @DefaultValue("10MB") DataSize maxSize, @Nullable List<String> types) {
    FileProperties {
        types = types == null
                ? List.of(
                        "txt",
                        "md",
                        "log",
                        "csv",
                        "tsv",
                        "json",
                        "jsonl",
                        "xml",
                        "yaml",
                        "yml",
                        "toml",
                        "ini",
                        "conf",
                        "properties",
                        "html",
                        "sql",
                        "py",
                        "java",
                        "js",
                        "ts",
                        "sh",
                        "diff",
                        "patch",
                        "pdf",
                        "png",
                        "jpg",
                        "jpeg",
                        "gif",
                        "webp",
                        "svg",
                        "xlsx",
                        "docx",
                        "pptx",
                        "parquet",
                        "zip",
                        "gz")
                : List.copyOf(types);
    }
}
