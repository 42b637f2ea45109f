/// The other side of a benchmark, in a process of its own.
enum Role {
    static let option = "--role"

    static func run(_ name: String, _ arguments: [String]) -> Int32 {
        do {
            switch name {
            case "echo": try Echo.run()
            case "fanout-floor": try FloorServer.run()
            case "fanout-relay": try RelayServer.run(keepingAt: arguments.first)
            default: throw Obstacle("no role is called \(name)")
            }
            return 0
        } catch {
            BenchmarkOutput.printError("earshot-bench: \(error)")
            return 1
        }
    }
}
