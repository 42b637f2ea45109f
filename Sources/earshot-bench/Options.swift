/// The arguments of the command line.
struct Options {
    var benchmarks: [(benchmark: Benchmark, part: String?)] = []
    var isJSON = false
    var isQuick = false
    var isList = false
    var isHelp = false
    /// The role, in processes that a benchmark starts as its other side.
    var role: (name: String, arguments: [String])?

    struct Misuse: Error {
        var text: String
    }

    init(_ words: some Sequence<String>) throws(Misuse) {
        var words = Array(words)
        if words.first == Role.option, words.count >= 2 {
            role = (words[1], Array(words[2...]))
            return
        }
        words.reverse()
        while let word = words.popLast() {
            switch word {
            case "--json": isJSON = true
            case "--quick": isQuick = true
            case "--list": isList = true
            case "--help", "-h": isHelp = true
            default:
                let parts = word.split(separator: ":", maxSplits: 1)
                guard let name = parts.first, let benchmark = Benchmark.all.first(where: { $0.name == name }) else {
                    let names = Benchmark.all.map(\.name).joined(separator: ", ")
                    throw Misuse(text: "no benchmark is called \(word); there are \(names)")
                }
                benchmarks.append((benchmark, parts.count == 2 ? String(parts[1]) : nil))
            }
        }
        if benchmarks.isEmpty { benchmarks = Benchmark.all.map { ($0, nil) } }
    }

    static let helpText = """
        Measures how fast Earshot is, and shows each figure beside the minimum for the same machine.

        usage: earshot-bench [OPTION]... [NAME]...

          --list    list the benchmarks; without a NAME, all are run.
                    fanout:100 is fanout with 100 members only
          --quick   make fewer and shorter runs
          --json    print one JSON object a line instead of tables

        Use a release build: swift run -c release earshot-bench

        """
}
