import CSQLite
import TestKit

/// A disk for SQLite that can be full, and that can lose power: data that was written but not synced is then kept, lost
/// or torn, piece by piece.
final class FragileDisk {
    /// The name by which SQLite knows the disk.
    let name: String
    /// Whether every write fails.
    var isFull = false
    private(set) var syncCount = 0
    /// The number of writes, and of those that made a file longer.
    private(set) var writeCount = 0
    private(set) var growthCount = 0
    private var files: [String: Content] = [:]
    private let vfs: UnsafeMutablePointer<sqlite3_vfs>
    private let cName: UnsafeMutablePointer<CChar>
    fileprivate let methods: UnsafeMutablePointer<sqlite3_io_methods>

    /// One file.
    fileprivate final class Content {
        var bytes: [UInt8] = []
        var synced: [UInt8] = []
        /// The changes since the last sync.
        var changes: [Change] = []
        /// Power was lost: a process that had the file open can no longer use it.
        var isGone = false
    }

    fileprivate enum Change {
        case write([UInt8], at: Int)
        case truncate(to: Int)

        func apply(to bytes: inout [UInt8]) {
            switch self {
            case .truncate(let size):
                if bytes.count > size { bytes.removeLast(bytes.count - size) }
            case .write(let new, let offset):
                if bytes.count < offset + new.count {
                    bytes += [UInt8](repeating: 0, count: offset + new.count - bytes.count)
                }
                bytes.replaceSubrange(offset..<offset + new.count, with: new)
            }
        }
    }

    /// Creates an empty disk.
    /// - Parameter name: A name that no other disk of this process uses.
    init(_ name: String) {
        self.name = name
        cName = .allocate(capacity: name.utf8.count + 1)
        for (index, byte) in (name.utf8.map { CChar(bitPattern: $0) } + [0]).enumerated() { cName[index] = byte }
        methods = .allocate(capacity: 1)
        methods.initialize(to: openFileMethods)
        vfs = .allocate(capacity: 1)
        vfs.initialize(to: sqlite3_vfs())
        vfs.pointee.iVersion = 1
        vfs.pointee.szOsFile = CInt(MemoryLayout<sqlite3_file>.size)
        vfs.pointee.mxPathname = 256
        vfs.pointee.zName = UnsafePointer(cName)
        vfs.pointee.pAppData = Unmanaged.passUnretained(self).toOpaque()
        vfs.pointee.xOpen = { vfs, name, file, flags, outFlags in
            guard let disk = FragileDisk.of(vfs), let file else { return CInt(SQLITE_CANTOPEN) }
            let path = name.map { String(cString: $0) } ?? "temporary"
            let content = disk.files[path] ?? Content()
            disk.files[path] = content
            file.pointee.pMethods = UnsafePointer(disk.methods)
            file.pointee.context = Unmanaged.passRetained(OpenFile(disk: disk, content: content)).toOpaque()
            outFlags?.pointee = flags
            return CInt(SQLITE_OK)
        }
        vfs.pointee.xDelete = { vfs, name, _ in
            if let name { FragileDisk.of(vfs)?.files[String(cString: name)] = nil }
            return CInt(SQLITE_OK)
        }
        vfs.pointee.xAccess = { vfs, name, _, result in
            let isThere = name.map { FragileDisk.of(vfs)?.files[String(cString: $0)] != nil } ?? false
            result?.pointee = isThere ? 1 : 0
            return CInt(SQLITE_OK)
        }
        vfs.pointee.xFullPathname = { _, name, count, out in
            guard let name, let out else { return CInt(SQLITE_CANTOPEN) }
            let bytes = String(cString: name).utf8.map { CChar(bitPattern: $0) } + [0]
            guard bytes.count <= Int(count) else { return CInt(SQLITE_CANTOPEN) }
            for (index, byte) in bytes.enumerated() { out[index] = byte }
            return CInt(SQLITE_OK)
        }
        vfs.pointee.xRandomness = { _, count, out in
            for index in 0..<Int(count) { out?[index] = CChar(truncatingIfNeeded: index &* 37 &+ 11) }
            return count
        }
        vfs.pointee.xSleep = { _, _ in 0 }
        vfs.pointee.xCurrentTime = { _, time in
            time?.pointee = 2_460_000.5
            return CInt(SQLITE_OK)
        }
        vfs.pointee.xGetLastError = { _, _, _ in 0 }
        sqlite3_vfs_register(vfs, 0)
    }

    deinit {
        sqlite3_vfs_unregister(vfs)
        vfs.deallocate()
        methods.deallocate()
        cName.deallocate()
    }

    private static func of(_ vfs: UnsafeMutablePointer<sqlite3_vfs>?) -> FragileDisk? {
        vfs?.pointee.pAppData.map { Unmanaged<FragileDisk>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Invalidates all open files, and randomly keeps or loses the changes that were not synced.
    func losePower(using random: inout SeededGenerator) {
        for path in files.keys.sorted() {
            guard let old = files[path] else { continue }
            old.isGone = true
            let new = Content()
            new.synced = old.synced
            let chance = [0, 1, 2, 3].randomElement(using: &random)!
            for change in old.changes {
                switch chance {
                case 0: continue
                case 1: change.apply(to: &new.synced)
                default: Self.tear(change, onto: &new.synced, using: &random)
                }
            }
            new.bytes = new.synced
            files[path] = new
        }
    }

    /// Writes each sector of 512 bytes or drops it.
    private static func tear(_ change: Change, onto bytes: inout [UInt8], using random: inout SeededGenerator) {
        guard case .write(let new, let offset) = change else {
            if Bool.random(using: &random) { change.apply(to: &bytes) }
            return
        }
        for start in stride(from: 0, to: new.count, by: 512) where Bool.random(using: &random) {
            Change.write(Array(new[start..<min(new.count, start + 512)]), at: offset + start).apply(to: &bytes)
        }
    }

    /// One open handle of a file.
    fileprivate final class OpenFile {
        let disk: FragileDisk
        let content: Content

        init(disk: FragileDisk, content: Content) {
            self.disk = disk
            self.content = content
        }

        static func of(_ file: UnsafeMutablePointer<sqlite3_file>?) -> OpenFile? {
            file?.pointee.context.map { Unmanaged<OpenFile>.fromOpaque($0).takeUnretainedValue() }
        }

        func change(_ change: Change) -> CInt {
            if content.isGone { return CInt(SQLITE_IOERR_WRITE) }
            if disk.isFull { return CInt(SQLITE_FULL) }
            let size = content.bytes.count
            change.apply(to: &content.bytes)
            if case .write = change { disk.writeCount += 1 }
            if content.bytes.count > size { disk.growthCount += 1 }
            content.changes.append(change)
            return CInt(SQLITE_OK)
        }

        func sync() -> CInt {
            if content.isGone { return CInt(SQLITE_IOERR_FSYNC) }
            content.synced = content.bytes
            content.changes = []
            disk.syncCount += 1
            return CInt(SQLITE_OK)
        }
    }
}

private var openFileMethods: sqlite3_io_methods {
    var methods = sqlite3_io_methods()
    methods.iVersion = 1
    methods.xClose = { file in
        file?.pointee.context.map { Unmanaged<FragileDisk.OpenFile>.fromOpaque($0).release() }
        return CInt(SQLITE_OK)
    }
    methods.xRead = { file, out, count, offset in
        guard let open = FragileDisk.OpenFile.of(file), let out, !open.content.isGone else {
            return CInt(SQLITE_IOERR_READ)
        }
        let bytes = open.content.bytes
        let present = max(0, min(Int(count), bytes.count - Int(offset)))
        let target = UnsafeMutableRawBufferPointer(start: out, count: Int(count))
        target.initializeMemory(as: UInt8.self, repeating: 0)
        if present > 0 { target.copyBytes(from: bytes[Int(offset)..<Int(offset) + present]) }
        return CInt(present == Int(count) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ)
    }
    methods.xWrite = { file, bytes, count, offset in
        guard let open = FragileDisk.OpenFile.of(file), let bytes else { return CInt(SQLITE_IOERR_WRITE) }
        return open.change(
            .write(Array(UnsafeRawBufferPointer(start: bytes, count: Int(count))), at: Int(offset)))
    }
    methods.xTruncate = { file, size in
        FragileDisk.OpenFile.of(file)?.change(.truncate(to: Int(size))) ?? CInt(SQLITE_IOERR_WRITE)
    }
    methods.xSync = { file, _ in FragileDisk.OpenFile.of(file)?.sync() ?? CInt(SQLITE_IOERR_FSYNC) }
    methods.xFileSize = { file, size in
        size?.pointee = Int64(FragileDisk.OpenFile.of(file)?.content.bytes.count ?? 0)
        return CInt(SQLITE_OK)
    }
    methods.xLock = { _, _ in CInt(SQLITE_OK) }
    methods.xUnlock = { _, _ in CInt(SQLITE_OK) }
    methods.xCheckReservedLock = { _, result in
        result?.pointee = 0
        return CInt(SQLITE_OK)
    }
    methods.xFileControl = { _, _, _ in CInt(SQLITE_NOTFOUND) }
    methods.xSectorSize = { _ in 512 }
    // SQLITE_IOCAP_POWERSAFE_OVERWRITE, as SQLite assumes of real disks: the bytes around a torn write are intact.
    methods.xDeviceCharacteristics = { _ in 0x1000 }
    return methods
}
