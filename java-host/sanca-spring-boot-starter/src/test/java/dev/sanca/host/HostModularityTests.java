package dev.sanca.host;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;
import org.springframework.modulith.core.ApplicationModules;

class HostModularityTests {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.sanca.host");

    @Test
    void packagesUseOnlyWhatOthersShowAndHaveNoCycles() {
        ApplicationModules.of("dev.sanca.host", ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .verify();
    }

    @Test
    void onlyTheGatewayKnowsPy4j() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.sanca.host.gateway..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("py4j..")
                .check(CLASSES);
    }

    @Test
    void onlyTheEnginePackageKnowsGrpc() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.sanca.host.engine..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.grpc..", "com.google.protobuf..")
                .check(CLASSES);
    }
}
