package dev.sanca.portal.web;

import dev.sanca.portal.security.DemoUser;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.Arrays;
import java.util.List;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Who is signed in. */
@Tag(name = "portal")
@RestController
class MeController {
    private static final String TENANT = "default";
    private static final List<String> KNOWN = DemoUser.OPERATOR.rights();

    record Me(String user, String displayName, List<String> rights, String tenant) {}

    @Operation(summary = "Who is signed in, with which rights")
    @GetMapping("/api/me")
    Me me(Authentication authentication) {
        List<String> rights = authentication.getAuthorities().stream()
                .map(GrantedAuthority::getAuthority)
                .filter(KNOWN::contains)
                .toList();
        String name = Arrays.stream(DemoUser.values())
                .filter(user -> user.userName().equals(authentication.getName()))
                .findFirst()
                .map(DemoUser::displayName)
                .orElse(authentication.getName());
        return new Me(authentication.getName(), name, rights, TENANT);
    }
}
