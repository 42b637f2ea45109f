import Host

/// Runs the program: the process begins and ends here, and the rest is in `SeedSweep` and `ScaleRun`.
func start() -> Int32 {
    do {
        let arguments = try SimulationArguments(CommandLine.arguments.dropFirst())
        if arguments.wantsHelp {
            show(SimulationArguments.help)
            return 0
        }
        if arguments.isScaleRun { return try ScaleRun(arguments).run() }
        return try SeedSweep(arguments).run()
    } catch let misuse as SimulationArguments.Misuse {
        ProcessEnvironment.printError("earshot-sim: \(misuse.text)")
        return 2
    } catch {
        ProcessEnvironment.printError("earshot-sim: \(error)")
        return 1
    }
}

/// Shows a text, or ends the process if that fails: without output, hours of processor time are wasted.
func show(_ text: String) {
    do throws(OutputEnd) {
        try ProcessEnvironment.show(Array(text.utf8))
    } catch .readerGone {
        ProcessEnvironment.end(with: 0)
    } catch {
        ProcessEnvironment.printError("earshot-sim: \(error)")
        ProcessEnvironment.end(with: 1)
    }
}

ProcessEnvironment.prepareStandardStreams()
ProcessEnvironment.end(with: start())
