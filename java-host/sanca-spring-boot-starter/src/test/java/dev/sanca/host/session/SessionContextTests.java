package dev.sanca.host.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sanca.host.access.AccessProperties;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.authority.AuthorityUtils;

class SessionContextTests {
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private final MockHttpServletRequest request = new MockHttpServletRequest();

    @Test
    void withoutASignInAndWithoutAnAnonymousUserNobodyIsServed() {
        assertThatThrownBy(() -> resolver(null).resolve(request))
                .isInstanceOf(NotSignedInException.class)
                .hasMessageContaining("sanca.access.anonymous-user");
    }

    @Test
    void theAnonymousUserHasFewRights() {
        SessionContext context = resolver("everybody").resolve(request);
        assertThat(context.principal().user()).isEqualTo("everybody");
        assertThat(context.principal().rights()).containsExactly("sanca:ask", "system:read");
    }

    @Test
    void authoritiesAreRightsAndTheWayOfSigningInIsNot() {
        request.setUserPrincipal(UsernamePasswordAuthenticationToken.authenticated(
                "ann", "pw", AuthorityUtils.createAuthorityList("system:read", "FACTOR_PASSWORD")));
        SessionContext context = resolver("everybody").resolve(request);
        assertThat(context.principal().user()).isEqualTo("ann");
        assertThat(context.principal().tenant()).isEqualTo("acme");
        assertThat(context.principal().rights()).isEqualTo(List.of("system:read"));
    }

    @Test
    void aValidTraceparentGivesTheTraceId() {
        assertThat(TraceIdFilter.of("00-" + TRACE + "-b7ad6b7169203331-01")).isEqualTo(TRACE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"
            })
    void anInvalidTraceparentGivesANewOne(String header) {
        assertThat(TraceIdFilter.of(header)).matches("[0-9a-f]{32}").isNotEqualTo(TRACE);
    }

    private static SessionContextResolver resolver(String anonymousUser) {
        return new RequestSessionContextResolver(
                unused -> "acme",
                new AccessProperties(
                        "sanca:ask", "sanca:settings", "knowledge:write", null, null, null, anonymousUser, null));
    }
}
