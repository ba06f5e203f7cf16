// What the small distribution of Elasticsearch lacks, as a plugin of one class: the answer of `GET /`, by which clients know the server, and
// three parts of analysis that the index of API keys names. Built where it is needed. No part of the product.

const HANDLERS = {
  8: `Settings s, org.elasticsearch.common.io.stream.NamedWriteableRegistry a, org.elasticsearch.rest.RestController b,
      org.elasticsearch.common.settings.ClusterSettings c, org.elasticsearch.common.settings.IndexScopedSettings d,
      org.elasticsearch.common.settings.SettingsFilter e, org.elasticsearch.cluster.metadata.IndexNameExpressionResolver f,
      Supplier<DiscoveryNodes> nodes, Predicate<NodeFeature> features) {`,
  9: `RestHandlersServices services, Supplier<DiscoveryNodes> nodes, Predicate<NodeFeature> features) {
    Settings s = services.settings();`,
};

export const PLUGIN_CLASS = 'tests.root.RootPlugin';

export const pluginSource = (major: 8 | 9): string => `package tests.root;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.FilteringTokenFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.email.UAX29URLEmailTokenizer;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.xcontent.XContentBuilder;

public class RootPlugin extends Plugin implements ActionPlugin, AnalysisPlugin {
  @Override
  public java.util.Collection<RestHandler> getRestHandlers(${HANDLERS[major]}
    return List.of(new BaseRestHandler() {
      @Override public String getName() { return "tests_root"; }
      @Override public List<Route> routes() {
        return List.of(new Route(RestRequest.Method.GET, "/"), new Route(RestRequest.Method.HEAD, "/"));
      }
      @Override protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
        return channel -> {
          Build build = Build.current();
          XContentBuilder x = channel.newBuilder().startObject();
          x.field("name", s.get("node.name", "n1")).field("cluster_name", s.get("cluster.name", "elasticsearch"));
          x.startObject("version").field("number", build.qualifiedVersion()).field("build_flavor", build.flavor()).endObject();
          x.field("tagline", "You Know, for Search").endObject();
          channel.sendResponse(new RestResponse(RestStatus.OK, x));
        };
      }
    });
  }

  @Override
  public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
    return Map.of(
        "pattern_capture", (index, env, name, settings) -> new AbstractTokenFilterFactory(${major === 8 ? 'name, settings' : 'name'}) {
          final Pattern[] patterns = settings.getAsList("patterns").stream().map(Pattern::compile).toArray(Pattern[]::new);
          @Override public TokenStream create(TokenStream in) {
            return new PatternCaptureGroupTokenFilter(in, settings.getAsBoolean("preserve_original", true), patterns);
          }
        },
        "unique", (index, env, name, settings) -> new AbstractTokenFilterFactory(${major === 8 ? 'name, settings' : 'name'}) {
          @Override public TokenStream create(TokenStream in) { return new Unique(in); }
        });
  }

  @Override
  public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
    return Map.of("uax_url_email", (index, env, name, settings) -> TokenizerFactory.newFactory(name, UAX29URLEmailTokenizer::new));
  }

  private static final class Unique extends FilteringTokenFilter {
    private final CharTermAttribute term = addAttribute(CharTermAttribute.class);
    private final Set<String> seen = new HashSet<>();
    Unique(TokenStream in) { super(in); }
    @Override protected boolean accept() { return seen.add(term.toString()); }
    @Override public void reset() throws java.io.IOException { super.reset(); seen.clear(); }
  }
}
`;
