import Foundation

extension Pipe {
    /// Hands over what comes, and empty data at the end, on a thread of its own: the machine's common pool may have no
    /// thread left while tests wait.
    func read(_ receive: @escaping @Sendable (Data) -> Void) {
        let thread = Thread { [self] in
            while true {
                let data = fileHandleForReading.availableData
                receive(data)
                if data.isEmpty { return }
            }
        }
        thread.stackSize = 1 << 19
        thread.start()
    }
}
