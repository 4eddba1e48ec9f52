import java.io.BufferedReader;
import java.io.Closeable;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Nodes in this JVM, one after the other, as standard input asks for them: a line `start`, a blank
 * and settings `KEY=VALUE` with tabs between them starts a node; a line `stop` ends it and is
 * answered with a line `node stopped`. The end of the input ends all.
 */
class NodeLoop {
    interface Starter {
        Closeable start(Map<String, String> settings) throws Exception;
    }

    static void run(Starter starter) {
        PrintStream output = System.out; // nodes write to the log what is written to System.out
        try {
            Closeable node = null;
            BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                if (line.equals("stop")) {
                    node.close();
                    output.println("node stopped");
                } else {
                    node = starter.start(settings(line.substring("start ".length())));
                }
            }
            System.exit(0);
        } catch (Throwable failure) { // other threads would keep the JVM alive
            failure.printStackTrace();
            System.exit(1);
        }
    }

    private static Map<String, String> settings(String text) {
        Map<String, String> settings = new LinkedHashMap<>();
        for (String setting : text.split("\t")) {
            int equals = setting.indexOf('=');
            settings.put(setting.substring(0, equals), setting.substring(equals + 1));
        }
        return settings;
    }
}
