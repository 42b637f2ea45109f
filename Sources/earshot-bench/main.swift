import Glibc

/// Runs the program: the process begins and ends here.
func start() -> Int32 {
    let options: Options
    do {
        options = try Options(CommandLine.arguments.dropFirst())
    } catch {
        BenchmarkOutput.printError("earshot-bench: \(error.text)")
        return 2
    }
    if let role = options.role { return Role.run(role.name, role.arguments) }
    if options.isHelp {
        BenchmarkOutput.show(Options.helpText)
        return 0
    }
    if options.isList {
        for benchmark in Benchmark.all { BenchmarkOutput.show("\(benchmark.name.padded(to: 12))\(benchmark.about)\n") }
        return 0
    }
    if !options.isJSON { BenchmarkOutput.show("\(Machine.description)\n") }
    // This must precede every socket.
    _ = Network.isOwn
    signal(SIGPIPE, SIG_IGN)
    var status: Int32 = 0
    for (benchmark, part) in options.benchmarks {
        do {
            let report = try benchmark.run(Plan(isQuick: options.isQuick, part: part))
            BenchmarkOutput.show(options.isJSON ? report.jsonLines(of: benchmark) : report.table(of: benchmark))
        } catch {
            BenchmarkOutput.printError("earshot-bench: \(benchmark.name): \(error)")
            status = 1
        }
    }
    return status
}

exit(start())
