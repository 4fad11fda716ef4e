package dev.sanca.host.toolkit.javadoc;

import java.io.IOException;
import java.io.Writer;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.RoundEnvironment;
import javax.annotation.processing.SupportedAnnotationTypes;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.ArrayType;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.TypeKind;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.util.ElementFilter;
import javax.tools.Diagnostic;
import javax.tools.StandardLocation;

/**
 * Writes the javadoc of each toolkit, and of the records and beans that its tools take and give, into a resource beside
 * the class, where the running host finds it. Found by the compiler on its own when the starter is on its path.
 */
@SupportedAnnotationTypes({
    "dev.sanca.host.toolkit.ToolMethod",
    "dev.sanca.host.toolkit.ToolkitComponent",
    "org.springframework.ai.tool.annotation.Tool"
})
public final class JavadocProcessor extends AbstractProcessor {
    private final Set<String> written = new HashSet<>();

    @Override
    public SourceVersion getSupportedSourceVersion() {
        return SourceVersion.latestSupported();
    }

    @Override
    public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
        for (TypeElement annotation : annotations) {
            for (Element found : round.getElementsAnnotatedWith(annotation)) {
                Element owner = found.getKind() == ElementKind.METHOD ? found.getEnclosingElement() : found;
                if (owner instanceof TypeElement toolkit) {
                    keepToolkit(toolkit);
                }
            }
        }
        return false; // others may look at them too
    }

    private void keepToolkit(TypeElement toolkit) {
        if (!written.add(binaryName(toolkit))) {
            return;
        }
        Map<String, String> texts = new TreeMap<>();
        put(texts, "class", comment(toolkit).text());
        for (ExecutableElement method : ElementFilter.methodsIn(toolkit.getEnclosedElements())) {
            JavadocComment comment = comment(method);
            String key = "method." + method.getSimpleName() + erased(method);
            put(texts, key, comment.text());
            put(texts, key + ".return", comment.result());
            comment.parameters().forEach((name, text) -> put(texts, key + ".param." + name, text));
            keepTypes(method.getReturnType());
            method.getParameters().forEach(parameter -> keepTypes(parameter.asType()));
        }
        write(toolkit, texts);
    }

    /** Keeps what is said of the components of records and the fields of beans, wherever they stand in a type. */
    private void keepTypes(TypeMirror type) {
        if (type instanceof ArrayType array) {
            keepTypes(array.getComponentType());
        } else if (type instanceof DeclaredType declared && declared.asElement() instanceof TypeElement element) {
            declared.getTypeArguments().forEach(this::keepTypes);
            String name = element.getQualifiedName().toString();
            if (!name.startsWith("java.")
                    && element.getKind() != ElementKind.ENUM
                    && written.add(binaryName(element))) {
                keepComponents(element);
            }
        }
    }

    private void keepComponents(TypeElement type) {
        Map<String, String> texts = new TreeMap<>();
        JavadocComment whole = comment(type);
        put(texts, "class", whole.text());
        whole.parameters().forEach((name, text) -> put(texts, "component." + name, text));
        for (Element member : type.getEnclosedElements()) {
            if (member.getKind() == ElementKind.FIELD) {
                put(
                        texts,
                        "component." + member.getSimpleName(),
                        comment(member).text());
                keepTypes(member.asType());
            }
        }
        type.getPermittedSubclasses().forEach(this::keepTypes);
        write(type, texts);
    }

    private void write(TypeElement type, Map<String, String> texts) {
        if (texts.isEmpty()) {
            return;
        }
        String path = "META-INF/sanca/javadoc/" + binaryName(type) + ".properties";
        try (Writer out = processingEnv
                .getFiler()
                .createResource(StandardLocation.CLASS_OUTPUT, "", path, type)
                .openWriter()) {
            for (Map.Entry<String, String> text : texts.entrySet()) {
                out.write(escaped(text.getKey(), true) + "=" + escaped(text.getValue(), false) + "\n");
            }
        } catch (IOException error) {
            processingEnv
                    .getMessager()
                    .printMessage(Diagnostic.Kind.WARNING, "The javadoc of a toolkit cannot be kept: " + error, type);
        }
    }

    private JavadocComment comment(Element element) {
        String text = processingEnv.getElementUtils().getDocComment(element);
        return JavadocComment.of(text == null ? "" : text);
    }

    private String binaryName(TypeElement type) {
        return processingEnv.getElementUtils().getBinaryName(type).toString();
    }

    private String erased(ExecutableElement method) {
        List<String> types = method.getParameters().stream()
                .map(parameter -> name(processingEnv.getTypeUtils().erasure(parameter.asType())))
                .toList();
        return types.stream().collect(Collectors.joining(",", "(", ")"));
    }

    /** Not the type's own text: that has its annotations in it. */
    private static String name(TypeMirror type) {
        if (type instanceof ArrayType array) {
            return name(array.getComponentType()) + "[]";
        }
        if (type instanceof DeclaredType declared && declared.asElement() instanceof TypeElement element) {
            return element.getQualifiedName().toString();
        }
        return type.getKind().isPrimitive() ? primitive(type.getKind()) : type.toString();
    }

    private static String primitive(TypeKind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    private static void put(Map<String, String> texts, String key, String text) {
        if (!text.isEmpty()) {
            texts.put(key, text);
        }
    }

    /** As java.util.Properties reads it; its own writer would put the time of day into the file. */
    private static String escaped(String text, boolean isKey) {
        StringBuilder out = new StringBuilder();
        for (char letter : text.toCharArray()) {
            switch (letter) {
                case '\\', '#', '!', '=', ':' -> out.append('\\').append(letter);
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case ' ' -> out.append(isKey || out.isEmpty() ? "\\ " : " ");
                default -> {
                    if (letter < ' ' || letter > '~') {
                        out.append(String.format("\\u%04x", (int) letter));
                    } else {
                        out.append(letter);
                    }
                }
            }
        }
        return out.toString();
    }
}
