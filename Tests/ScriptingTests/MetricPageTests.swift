import CoreModel
import RelayCore
import Testing
import Wording

@testable import Scripting

@Suite("Metrics")
struct MetricPageTests {
    @Test("the page is in the text format of Prometheus")
    func format() {
        let page = MetricPage.text(of: [
            Metric(.gauge, "members", "Members that are here.", 12),
            Metric(.counter, "refusals_total", "Why:\na \\ b", by: "reason", [("full", 3), ("a\"\\\nb", 0.5)]),
        ])
        let expected = #"""
            # HELP members Members that are here.
            # TYPE members gauge
            members 12
            # HELP refusals_total Why:\na \\ b
            # TYPE refusals_total counter
            refusals_total{reason="full"} 3
            refusals_total{reason="a\"\\\nb"} 0.5

            """#
        #expect(String(decoding: page, as: UTF8.self) == expected)
    }

    @Test("large counters stay exact")
    func large() {
        let page = MetricPage.text(of: [Metric(.counter, "x", "y", 9_007_199_254_740_991)])
        #expect(String(decoding: page, as: UTF8.self).hasSuffix("x 9007199254740991\n"))
    }
}
