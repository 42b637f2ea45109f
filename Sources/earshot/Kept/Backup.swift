import CoreModel
import Host
import PeerCore
import Store

/// Copies an archive while another process uses it.
struct Backup {
    private let directory: String
    private let name: String
    private let target: String

    /// Prepares a backup.
    ///
    /// - Parameters:
    ///   - directory: The state directory.
    ///   - name: The file name of the archive in it.
    init(of directory: String, _ name: String, to target: String) {
        self.directory = directory
        self.name = name
        self.target = target
    }

    func run() throws -> ExitStatus {
        let file = try NewFile(at: target)
        let copied = try SQLiteArchive(reading: "\(directory)/\(name)").copy(to: file.draft)
        try file.keep()
        let lines = copied.lines == 1 ? "1 line" : "\(copied.lines) lines"
        let rooms = copied.rooms == 1 ? "1 room" : "\(copied.rooms) rooms"
        ProcessEnvironment.printError(
            "\(target) has \(lines) of \(rooms) and everything else that is saved. To restore it, put it back as "
                + "\(directory)/\(name), next to \(directory)/identity, which never changes.")
        return .done
    }
}
