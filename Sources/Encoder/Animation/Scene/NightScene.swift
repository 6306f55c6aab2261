struct NightScene {
    let width: Int
    let height: Int
    init(fitting format: PictureFormat) { width = format.width; height = format.height }
    func frame(atSecond t: Double) -> [UInt8] { [UInt8](repeating: UInt8(t*10), count: width*height*3) }
}
