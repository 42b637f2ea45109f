import Foundation

extension Pipe {
    /// Passes on the data that arrives, and empty data at the end, from a thread of its own: the system's common pool
    /// may have no free thread while tests wait.
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
