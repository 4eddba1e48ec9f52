import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginBundle;
import org.elasticsearch.plugins.PluginsLoader;
import org.elasticsearch.rest.RestChannel;
import org.elasticsearch.rest.RestController;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.xcontent.XContentBuilder;

/**
 * Starts Elasticsearch nodes in this JVM: what the launcher of a distribution does, whose jar is
 * not published.
 */
public class ElasticsearchLauncher {
    private static final String NAME = "logboom-test";
    private static boolean isLogging = false;

    public static void main(String[] args) throws Exception {
        LogConfigurator.configureESLogging(); // before anything asks for a logger
        LogConfigurator.registerErrorListener();
        NodeLoop.run(ElasticsearchLauncher::start);
    }

    private static Node start(Map<String, String> given) throws Exception {
        Settings.Builder settings = Settings.builder();
        given.forEach(settings::put);
        Path config = Path.of(System.getProperty("es.path.conf"));
        Environment environment =
            InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), config, () -> NAME);
        if (isLogging == false) {
            LogConfigurator.setNodeName(NAME);
            LogConfigurator.configure(environment, true);
            isLogging = true;
        }
        Set<PluginBundle> modules = modules(environment.modulesDir());
        Node node = new Node(environment, PluginsLoader.createPluginsLoader(modules, Set.of(), Map.of()));
        node.injector().getInstance(RestController.class).registerHandler(new Root());
        return node.start();
    }

    /** loadModulesBundles takes (Path) in 8.19 and (Path, boolean) in 9. */
    @SuppressWarnings("unchecked")
    private static Set<PluginBundle> modules(Path folder) throws ReflectiveOperationException {
        for (Method method : PluginsLoader.class.getMethods()) {
            if (method.getName().equals("loadModulesBundles") == false) continue;
            Object found = method.getParameterCount() == 1 ? method.invoke(null, folder) : method.invoke(null, folder, true);
            return (Set<PluginBundle>) found;
        }
        throw new NoSuchMethodException("PluginsLoader.loadModulesBundles");
    }

    /** GET and HEAD of the root, which a distribution answers from a module that is not published. */
    private record Root() implements RestHandler {
        @Override
        public List<Route> routes() {
            return List.of(new Route(RestRequest.Method.GET, "/"), new Route(RestRequest.Method.HEAD, "/"));
        }

        @Override
        public void handleRequest(RestRequest request, RestChannel channel, NodeClient client) throws Exception {
            Build build = Build.current();
            XContentBuilder json = channel.newBuilder().startObject();
            json.field("name", NAME).field("cluster_name", "logboom").startObject("version");
            json.field("number", build.qualifiedVersion());
            json.field("build_flavor", build.flavor());
            json.field("build_type", build.type().displayName());
            json.field("build_hash", build.hash());
            json.field("lucene_version", org.apache.lucene.util.Version.LATEST.toString());
            json.endObject().field("tagline", "You Know, for Search").endObject();
            channel.sendResponse(new RestResponse(RestStatus.OK, json));
        }
    }
}
