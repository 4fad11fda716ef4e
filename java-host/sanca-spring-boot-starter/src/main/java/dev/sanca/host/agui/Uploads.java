package dev.sanca.host.agui;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.MediaTypeFactory;
import org.springframework.web.multipart.MultipartFile;

/** What is checked of a file that a person sends, before the engine hears of it. */
final class Uploads {
    private static final int NAME_CHARS = 200;
    private final FileProperties properties;

    Uploads(FileProperties properties) {
        this.properties = properties;
    }

    /** The file's plain name, once name, type and size are found right. */
    String checkedName(MultipartFile file) {
        String name = checkedName(file.getOriginalFilename());
        if (file.getSize() > properties.maxSize().toBytes()) {
            throw new BadInputException(
                    HttpStatus.CONTENT_TOO_LARGE,
                    "The file '" + name + "' is larger than "
                            + properties.maxSize().toMegabytes() + " MB.");
        }
        return name;
    }

    static String mediaType(String name) {
        return MediaTypeFactory.getMediaType(name)
                .orElse(MediaType.APPLICATION_OCTET_STREAM)
                .toString();
    }

    private String checkedName(@Nullable String original) {
        String name = original == null
                ? ""
                : original.substring(original.replace('\\', '/').lastIndexOf('/') + 1);
        if (name.isBlank()
                || name.startsWith(".")
                || name.length() > NAME_CHARS
                || name.chars().anyMatch(c -> c < 32)) {
            throw new BadInputException("The file needs a plain name of 1 to " + NAME_CHARS + " characters.");
        }
        String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        if (!properties.types().contains(ending)) {
            throw new BadInputException(
                    HttpStatus.UNSUPPORTED_MEDIA_TYPE,
                    "Files of type '" + ending + "' are not taken; these are: " + String.join(", ", properties.types())
                            + ".");
        }
        return name;
    }
}
