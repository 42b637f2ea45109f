import Foundation

/// The messages that a peer has saved, from `earshot export`.
struct Kept {
    /// In the order of the log.
    let ids: [String]
    let texts: [String]

    /// Exports a room.
    /// - Parameter room: As on the command line; a room without saved messages is empty.
    init(of room: String, in state: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: EarshotProcess.binary)
        process.arguments = ["export", room, "--state", state]
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 || complaint.contains("no messages are stored of") else {
            throw Lan.Failed(command: "earshot export", text: complaint)
        }
        var ids: [String] = []
        var texts: [String] = []
        for line in data.split(separator: 10) {
            let fields = try JSONSerialization.jsonObject(with: line) as? [String: Any]
            ids.append(fields?["id"] as? String ?? "")
            texts.append(fields?["text"] as? String ?? "")
        }
        self.ids = ids
        self.texts = texts
    }

    /// Waits until a condition on the saved messages holds.
    static func wait(within seconds: Double, until holds: () throws -> Bool) rethrows -> Bool {
        let end = EarshotProcess.uptime() + seconds * Sanitizer.slowness
        while try !holds() {
            if EarshotProcess.uptime() > end { return false }
            letTimePass(0.1)
        }
        return true
    }
}
