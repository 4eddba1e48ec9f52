import java.nio.file.Path;
import java.util.Map;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;

/**
 * Starts OpenSearch nodes in this JVM. The launcher of the distribution starts one only, and first
 * sees to what production needs: who it runs as, and what plugins may touch.
 */
public class OpenSearchLauncher {
    private static final String NAME = "logboom-test";
    private static boolean isLogging = false;

    public static void main(String[] args) throws Exception {
        LogConfigurator.registerErrorListener();
        NodeLoop.run(OpenSearchLauncher::start);
    }

    private static Node start(Map<String, String> given) throws Exception {
        Settings.Builder settings = Settings.builder();
        given.forEach(settings::put);
        Path config = Path.of(System.getProperty("opensearch.path.conf"));
        Environment environment =
            InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), config, () -> NAME);
        if (isLogging == false) {
            LogConfigurator.setNodeName(NAME);
            LogConfigurator.configure(environment);
            isLogging = true;
        }
        return new Node(environment).start();
    }
}
