/// A first-in, first-out queue whose storage is reused.
package struct OutputQueue {
    private var outputs: [Output] = []
    private var head = 0

    package init() {}

    package var isEmpty: Bool { head == outputs.count }

    /// Adds an output at the end.
    package mutating func push(_ output: Output) { outputs.append(output) }

    /// Removes the first output; nil if there is none.
    package mutating func pop() -> Output? {
        guard head < outputs.count else {
            outputs.removeAll(keepingCapacity: outputs.count <= 1024)
            head = 0
            return nil
        }
        defer { head += 1 }
        return outputs[head]
    }
}
