package dev.sanca.portal.security;

import io.swagger.v3.oas.annotations.Hidden;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.userdetails.UserDetails;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.web.context.SecurityContextRepository;
import org.springframework.security.web.csrf.CsrfToken;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** The sign-in page and the one-time sign-in address. The form itself is taken by Spring Security at POST /login. */
@Hidden
@RestController
class SignInController {
    private static final MediaType HTML = new MediaType(MediaType.TEXT_HTML, StandardCharsets.UTF_8);
    private final SignInCode code;
    private final UserDetailsService users;
    private final SecurityContextRepository contexts;
    private final SignInPage page = SignInPage.load();

    SignInController(SignInCode code, UserDetailsService users, SecurityContextRepository contexts) {
        this.code = code;
        this.users = users;
        this.contexts = contexts;
    }

    @GetMapping("/login")
    ResponseEntity<String> form(HttpServletRequest request, Locale locale, CsrfToken csrf) {
        SignInPage.Notice notice =
                SignInPage.Notice.of(request.getParameterMap().keySet());
        return ResponseEntity.ok().contentType(HTML).body(page.render(locale, notice, csrf.getToken()));
    }

    @GetMapping("/sign-in")
    ResponseEntity<String> once(
            @RequestParam(name = "code", defaultValue = "") String given,
            HttpServletRequest request,
            HttpServletResponse response,
            Locale locale,
            CsrfToken csrf) {
        if (!code.use(given)) {
            String html = page.render(locale, SignInPage.Notice.USED, csrf.getToken());
            return ResponseEntity.status(HttpStatus.UNAUTHORIZED)
                    .contentType(HTML)
                    .body(html);
        }
        signIn(users.loadUserByUsername(DemoUser.OPERATOR.userName()), request, response);
        return ResponseEntity.status(HttpStatus.SEE_OTHER)
                .header(HttpHeaders.LOCATION, "/")
                .build();
    }

    private void signIn(UserDetails user, HttpServletRequest request, HttpServletResponse response) {
        Authentication authentication =
                UsernamePasswordAuthenticationToken.authenticated(user, null, user.getAuthorities());
        SecurityContext context = SecurityContextHolder.createEmptyContext();
        context.setAuthentication(authentication);
        request.getSession(true);
        request.changeSessionId(); // against a session id that somebody else chose
        SecurityContextHolder.setContext(context);
        contexts.saveContext(context, request, response);
    }
}
