import CoreModel
import Host
import Options
import PeerCore
import Scripting
import Secure
import Store
import Wire

/// Carries out a ``KeptCommand``.
struct KeptProgram {
    let command: KeptCommand

    /// Runs the command.
    /// - Throws: An error worded with a remedy.
    func run() throws -> ExitStatus {
        ProcessEnvironment.keepFilesPrivate()
        let path = try command.stateDirectory ?? StateDirectory.defaultPath(forName: chosenName())
        guard let seed = try StateDirectory.identitySeed(at: path) else {
            throw HostError("nothing is saved in \(path) (choose another with --name NAME or --state DIR)")
        }
        let own = Identity(seed: seed).peerID
        let isRelay = StateDirectory.has(RelayProgram.archiveName, at: path)
        let file = isRelay ? RelayProgram.archiveName : ChatProgram.archiveName
        switch command.action {
        case .export:
            let archive = try SQLiteArchive(reading: path + "/" + file)
            return try export(KeptRooms(archive: archive, own: own))
        case .backup:
            return try Backup(of: path, file, to: command.file ?? "").run()
        case .forget:
            // Held until the end, so that no other process writes meanwhile.
            let state = try StateDirectory(at: path, otherwise: "quit that one, or type /forget there")
            let archive = try SQLiteArchive(at: state.path(of: file), for: isRelay ? .relay : .peer)
            return try forget(KeptRooms(archive: archive, own: own), in: archive)
        }
    }

    /// Accepts names that are no longer valid, too: older versions saved messages under them.
    private func chosenName() throws -> String {
        try Nickname(command.name ?? ProcessEnvironment.loginName ?? "peer").text
    }

    private func export(_ rooms: KeptRooms) throws -> ExitStatus {
        var blockedCount = 0
        for log in try rooms.logs(named: command.room) {
            var lines: [UInt8] = []
            let messages = try rooms.messages(of: log)
            blockedCount += messages.blockedCount
            for message in messages.shown {
                lines += MessageLine.bytes(message) + [0x0A]
                guard lines.count > 1 << 16 else { continue }
                try ProcessEnvironment.show(lines)
                lines.removeAll(keepingCapacity: true)
            }
            try ProcessEnvironment.show(lines)
        }
        if blockedCount > 0 {
            let lines = blockedCount == 1 ? "1 line" : "\(blockedCount) lines"
            ProcessEnvironment.printError("earshot: \(lines) of blocked people left out (/unblock NAME in the chat)")
        }
        return .done
    }

    private func forget(_ rooms: KeptRooms, in archive: SQLiteArchive) throws -> ExitStatus {
        let logs = try command.room.map { try rooms.logsToForget(named: $0) } ?? rooms.logs(named: nil)
        var count = 0
        for log in logs { count += try rooms.forget(log) }
        try archive.commit()
        let isLobby = logs.contains { if case .conversation = $0 { false } else { true } }
        let others = isLobby ? "The others who were there" : "The other side"
        ProcessEnvironment.printError(
            "forgotten: \(count == 1 ? "1 line" : "\(count) lines"). \(others) still \(isLobby ? "have" : "has") the "
                + "lines that reached them.")
        return .done
    }
}
