import Host

/// The process begins and ends here; everything in between is `Sweep`'s or `ScaleRun`'s.
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

func show(_ text: String) { Surroundings.show(Array(text.utf8)) }

Surroundings.end(with: start())
