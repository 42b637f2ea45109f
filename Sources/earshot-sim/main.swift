import Host

/// Runs the program: the process begins and ends here, and the rest is in `Sweep` and `ScaleRun`.
func start() -> Int32 {
    do {
        let arguments = try SimulationArguments(CommandLine.arguments.dropFirst())
        if arguments.wantsHelp {
            show(SimulationArguments.help)
            return 0
        }
        if arguments.isScaleRun { return try ScaleRun(arguments).run() }
        return try Sweep(arguments).run()
    } catch let misuse as SimulationArguments.Misuse {
        Surroundings.complain("earshot-sim: \(misuse.text)")
        return 2
    } catch {
        Surroundings.complain("earshot-sim: \(error)")
        return 1
    }
}

/// Shows a text, or ends the process if that fails: without output, hours of processor time are wasted.
func show(_ text: String) {
    do throws(OutputEnd) {
        try Surroundings.show(Array(text.utf8))
    } catch .readerGone {
        Surroundings.end(with: 0)
    } catch {
        Surroundings.complain("earshot-sim: \(error)")
        Surroundings.end(with: 1)
    }
}

Surroundings.prepareStandardStreams()
Surroundings.end(with: start())
