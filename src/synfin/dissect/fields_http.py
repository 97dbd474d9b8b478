"""Fields of HTTP/1 (RFC 9112): one layer a message, however many segments it stands in."""

from __future__ import annotations

from collections.abc import Iterable

from synfin.dissect import http_walk
from synfin.dissect.context import Facts
from synfin.dissect.declare import Declare
from synfin.dissect.field import Field
from synfin.dissect.load import Spot, whole
from synfin.wire.frame import Frame
from synfin.wire.layer import Layer


def _message(frame: Frame, layer: Layer, facts: Facts | None) -> Iterable[Spot]:
    """A message counts as Wireshark's does: with its body, and with the messages behind it in what was read at once."""
    around = (one for one in frame.layers if one.name in _READ_FROM and one.start <= layer.start < one.end)
    stop = max((one.end for one in around), default=layer.end)
    return whole(frame, Layer(layer.name, layer.start, 0, stop), facts)


_READ_FROM = frozenset({"tcp", "tcp.segments"})
_http = Declare(http_walk.MESSAGE, "http")

FIELDS = (
    Field("http", "protocol", ("http",), _message, "Hypertext Transfer Protocol", "超文本传输协议",
          below=http_walk.MESSAGE, walked=True),
    _http("http.request", "bool", "Is a request", "是请求", generated=True),
    _http("http.request.method", "str", "Method", "方法"),
    _http("http.request.uri", "str", "URI", "URI"),
    _http("http.request.uri.path", "str", "Path", "路径"),
    _http("http.request.uri.query", "str", "Query", "查询串"),
    _http("http.request.uri.query.parameter", "str", "Query parameter", "查询参数"),
    _http("http.request.version", "str", "Version", "版本"),
    _http("http.request.full_uri", "str", "Full URI", "完整 URI", generated=True),
    _http("http.request.line", "str", "Header line", "首部行", hidden=True),
    _http("http.response", "bool", "Is a response", "是响应", generated=True),
    _http("http.response.version", "str", "Version", "版本"),
    _http("http.response.code", "u16", "Status code", "状态码"),
    _http("http.response.code.desc", "str", "What the code means", "状态码含义", generated=True),
    _http("http.response.phrase", "str", "Phrase", "原因短语"),
    _http("http.response.line", "str", "Header line", "首部行", hidden=True),
    _http("http.host", "str", "Host", "主机"),
    _http("http.user_agent", "str", "User agent", "用户代理"),
    _http("http.accept", "str", "Accepts", "可接受类型"),
    _http("http.accept_language", "str", "Accepted languages", "可接受语言"),
    _http("http.accept_encoding", "str", "Accepted encodings", "可接受编码"),
    _http("http.connection", "str", "Connection", "连接"),
    _http("http.cache_control", "str", "Cache control", "缓存控制"),
    _http("http.cookie", "str", "Cookie", "Cookie"),
    _http("http.cookie_pair", "str", "Cookie pair", "Cookie 键值"),
    _http("http.set_cookie", "str", "Set cookie", "设置 Cookie"),
    _http("http.referer", "str", "Referer", "来源页"),
    _http("http.authorization", "str", "Authorization", "授权"),
    _http("http.authbasic", "str", "Credentials", "凭据"),
    _http("http.proxy_authorization", "str", "Proxy authorization", "代理授权"),
    _http("http.proxy_authenticate", "str", "Proxy asks to authenticate", "代理要求认证"),
    _http("http.www_authenticate", "str", "Server asks to authenticate", "服务器要求认证"),
    _http("http.content_type", "str", "Content type", "内容类型"),
    _http("http.content_length_header", "str", "Content length", "内容长度"),
    _http("http.content_length", "u64", "Content length as a number", "内容长度（数值）", generated=True),
    _http("http.content_encoding", "str", "Content encoding", "内容编码"),
    _http("http.transfer_encoding", "str", "Transfer encoding", "传输编码"),
    _http("http.upgrade", "str", "Upgrade", "升级"),
    _http("http.date", "str", "Date", "日期"),
    _http("http.server", "str", "Server", "服务器软件"),
    _http("http.location", "str", "Location", "重定向地址"),
    _http("http.last_modified", "str", "Last modified", "最后修改"),
    _http("http.x_forwarded_for", "str", "Forwarded for", "转发来源"),
    _http("http.sec_websocket_accept", "str", "WebSocket accept", "WebSocket 接受"),
    _http("http.sec_websocket_extensions", "str", "WebSocket extensions", "WebSocket 扩展"),
    _http("http.sec_websocket_key", "str", "WebSocket key", "WebSocket 密钥"),
    _http("http.sec_websocket_protocol", "str", "WebSocket protocol", "WebSocket 子协议"),
    _http("http.sec_websocket_version", "str", "WebSocket version", "WebSocket 版本"),
    _http("http.request_number", "u32", "Request number", "第几个请求", generated=True),
    _http("http.response_number", "u32", "Response number", "第几个响应", generated=True),
    _http("http.time", "reltime", "Time since the request", "距请求的时间", unit="seconds", generated=True),
    _http("http.request_in", "framenum", "Request in frame", "请求所在帧", generated=True),
    _http("http.response_in", "framenum", "Response in frame", "响应所在帧", generated=True),
    _http("http.prev_request_in", "framenum", "Previous request in frame", "上一个请求所在帧", generated=True),
    _http("http.prev_response_in", "framenum", "Previous response in frame", "上一个响应所在帧", generated=True),
    _http("http.next_request_in", "framenum", "Next request in frame", "下一个请求所在帧", generated=True),
    _http("http.next_response_in", "framenum", "Next response in frame", "下一个响应所在帧", generated=True),
    _http("http.response_for.uri", "str", "Request URI", "所答请求的 URI", generated=True),
    _http("http.chunk_size", "u32", "Chunk size", "分块大小", unit="octets"),
    _http("http.chunk_data", "bytes", "Chunk data", "分块数据"),
    _http("http.chunk_boundary", "bytes", "Chunk boundary", "分块边界"),
    _http("http.chunked_trailer_part", "str", "Trailer", "尾部字段"),
    _http("http.file_data", "str", "File data", "文件数据"),
    _http.note("http.leading_crlf", "warning", "malformed", "An empty line before the message", "消息前有空行"),
    _http.note("http.bad_header_name", "warning", "protocol", "Illegal characters in a header's name",
               "首部名称含有非法字符"),
    _http.note("http.chat", "chat", "sequence", "Request or status line", "请求行或状态行"),
)  # fmt: skip
