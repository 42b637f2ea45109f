/// The other side of a benchmark, in a process of its own.
enum Role {
    static let option = "--role"

    static func run(_ name: String, _ arguments: [String]) -> Int32 {
        Console.complain("earshot-bench: no role is called \(name)")
        return 2
    }
}
