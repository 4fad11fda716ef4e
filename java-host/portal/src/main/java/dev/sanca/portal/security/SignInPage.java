package dev.sanca.portal.security;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.ResourceBundle;
import java.util.Set;
import org.springframework.core.io.ClassPathResource;
import org.springframework.web.util.HtmlUtils;

/** The sign-in page as HTML, in English or Chinese; works without scripts. */
record SignInPage(String template) {

    /** Why the page is shown again; the query parameter of the same name asks for it. */
    enum Notice {
        NONE,
        ERROR,
        OUT,
        EXPIRED,
        USED;

        static Notice of(Set<String> parameters) {
            return Arrays.stream(values())
                    .filter(notice -> parameters.contains(notice.key()))
                    .findFirst()
                    .orElse(NONE);
        }

        String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static SignInPage load() {
        try {
            return new SignInPage(
                    new ClassPathResource("sign-in/page.html").getContentAsString(StandardCharsets.UTF_8));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    String render(Locale locale, Notice notice, String csrf) {
        Locale shown = locale.getLanguage().equals("zh") ? Locale.CHINESE : Locale.ENGLISH;
        ResourceBundle words = ResourceBundle.getBundle(
                "sign-in/words",
                shown,
                ResourceBundle.Control.getNoFallbackControl(ResourceBundle.Control.FORMAT_PROPERTIES));
        String html = template;
        for (String key : words.keySet()) {
            html = html.replace("{" + key + "}", HtmlUtils.htmlEscape(words.getString(key)));
        }
        String said = notice == Notice.NONE ? "" : words.getString("notice." + notice.key());
        Map<String, String> values = Map.of(
                "{lang}", shown.getLanguage(),
                "{csrf}", HtmlUtils.htmlEscape(csrf),
                "{notice}", HtmlUtils.htmlEscape(said),
                "{noticeClass}", notice == Notice.OUT ? "note" : "problem");
        for (Map.Entry<String, String> value : values.entrySet()) {
            html = html.replace(value.getKey(), value.getValue());
        }
        return html;
    }
}
