import CoreModel
import Host
import Options
import PeerCore
import Scripting
import Secure
import Store
import Wire

/// Does what a ``KeptCommand`` asks for.
struct KeptProgram {
    let command: KeptCommand

    /// - Throws: what went wrong, in words that say what to do.
    func run() throws -> ExitStatus {
        Surroundings.keepFilesPrivate()
        let path = try command.stateDirectory ?? StateDirectory.defaultPath(forName: chosenName())
        guard let seed = try StateDirectory.identitySeed(at: path) else {
            throw HostError("nothing is kept in \(path) (say whose with --name NAME or --state DIR)")
        }
        let own = Identity(seed: seed).peerID
        let isRelay = StateDirectory.has(RelayProgram.archiveName, at: path)
        let file = isRelay ? RelayProgram.archiveName : ChatProgram.archiveName
        switch command.deed {
        case .export:
            let archive = try SQLiteArchive(reading: path + "/" + file)
            return try export(KeptRooms(archive: archive, own: own))
        case .backup:
            return try Backup(of: path, file, to: command.file ?? "").run()
        case .forget:
            // Held until the end, so that nobody writes meanwhile.
            let state = try StateDirectory(at: path, otherwise: "end that one, or type /forget there")
            let archive = try SQLiteArchive(at: state.path(of: file), for: isRelay ? .relay : .peer)
            return try forget(KeptRooms(archive: archive, own: own), in: archive)
        }
    }

    /// Names that can no longer be chosen too: what was kept under one is there.
    private func chosenName() throws -> String {
        try Nickname(command.name ?? Surroundings.loginName ?? "peer").text
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
                try Surroundings.show(lines)
                lines.removeAll(keepingCapacity: true)
            }
            try Surroundings.show(lines)
        }
        if blockedCount > 0 {
            let lines = blockedCount == 1 ? "1 line" : "\(blockedCount) lines"
            Surroundings.complain("earshot: \(lines) by people who are blocked left out (/unblock NAME in the chat)")
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
        Surroundings.complain(
            "forgotten: \(count == 1 ? "1 line" : "\(count) lines"). \(others) still \(isLobby ? "have" : "has") what "
                + "reached them.")
        return .done
    }
}
