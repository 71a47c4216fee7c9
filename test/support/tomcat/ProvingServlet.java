// The application that tests run on a real Tomcat. The last path segment says what it does; see `service`.

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.HexFormat;

public class ProvingServlet extends HttpServlet {
  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
    response.setHeader("X-Member", System.getProperty("member", "-"));
    String path = request.getPathInfo() == null ? "/" : request.getPathInfo();
    switch (path.substring(path.lastIndexOf('/') + 1)) {
      case "count" -> count(request, response);
      case "upload" -> upload(request, response);
      case "download" -> download(request, response);
      case "conditional" -> conditional(request, response);
      case "redirect" -> response.sendRedirect(request.getParameter("to"));
      case "status" -> response.setStatus(Integer.parseInt(request.getParameter("code")));
      case "error" -> response.sendError(Integer.parseInt(request.getParameter("code")));
      case "slow" -> slow(request, response);
      case "refuse" -> text(response, "refused without reading");
      default -> echo(request, response);
    }
  }

  /** What the container makes of the request, as JSON. */
  private void echo(HttpServletRequest request, HttpServletResponse response) throws IOException {
    StringBuilder out = new StringBuilder("{");
    field(out, "method", request.getMethod());
    field(out, "uri", request.getRequestURI());
    field(out, "query", request.getQueryString());
    field(out, "pathInfo", request.getPathInfo());
    field(out, "protocol", request.getProtocol());
    field(out, "scheme", request.getScheme());
    field(out, "serverName", request.getServerName());
    field(out, "serverPort", String.valueOf(request.getServerPort()));
    field(out, "remoteAddr", request.getRemoteAddr());
    field(out, "remotePort", String.valueOf(request.getRemotePort()));
    field(out, "localAddr", request.getLocalAddr());
    field(out, "remoteUser", request.getRemoteUser());
    field(out, "authType", request.getAuthType());
    field(out, "isSecure", String.valueOf(request.isSecure()));
    field(out, "sessionId", request.getRequestedSessionId());
    field(out, "sessionFromUrl", String.valueOf(request.isRequestedSessionIdFromURL()));
    field(out, "parameter", request.getParameter("p"));
    out.append("\"headers\":{");
    for (String name : Collections.list(request.getHeaderNames()))
      field(out, name.toLowerCase(), String.join(" | ", Collections.list(request.getHeaders(name))));
    out.setLength(out.length() - 1);
    text(response, out.append("}}").toString());
  }

  private void count(HttpServletRequest request, HttpServletResponse response) throws IOException {
    HttpSession session = request.getSession();
    Integer before = (Integer) session.getAttribute("count");
    int now = before == null ? 1 : before + 1;
    session.setAttribute("count", now);
    text(response, "{\"id\":\"" + session.getId() + "\",\"count\":" + now + ",\"url\":\""
        + response.encodeURL("count") + "\"}");
  }

  private void upload(HttpServletRequest request, HttpServletResponse response) throws IOException {
    MessageDigest digest = sha1();
    long size = 0;
    byte[] buffer = new byte[65536];
    InputStream in = request.getInputStream();
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      digest.update(buffer, 0, n);
      size += n;
    }
    text(response, "{\"size\":" + size + ",\"sha1\":\"" + HexFormat.of().formatHex(digest.digest()) + "\"}");
  }

  /** `size` bytes; the byte at offset i is (i * 7 + i / 251) mod 256. `length=no` leaves the length out. */
  private void download(HttpServletRequest request, HttpServletResponse response) throws IOException {
    long size = Long.parseLong(request.getParameter("size"));
    response.setContentType("application/octet-stream");
    if (!"no".equals(request.getParameter("length"))) response.setContentLengthLong(size);
    byte[] buffer = new byte[65536];
    OutputStream out = response.getOutputStream();
    for (long at = 0; at < size; at += buffer.length) {
      int n = (int) Math.min(buffer.length, size - at);
      for (int i = 0; i < n; i++) buffer[i] = (byte) ((at + i) * 7 + (at + i) / 251);
      out.write(buffer, 0, n);
    }
  }

  private void conditional(HttpServletRequest request, HttpServletResponse response) throws IOException {
    response.setHeader("ETag", "\"v1\"");
    if ("\"v1\"".equals(request.getHeader("If-None-Match"))) response.setStatus(304);
    else text(response, "fresh");
  }

  /** Answers after `ms`; with `parts` writes and flushes that many lines, `ms` apart. */
  private void slow(HttpServletRequest request, HttpServletResponse response) throws IOException {
    int parts = request.getParameter("parts") == null ? 1 : Integer.parseInt(request.getParameter("parts"));
    for (int i = 0; i < parts; i++) {
      try {
        Thread.sleep(Long.parseLong(request.getParameter("ms")));
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      response.getOutputStream().write(("part " + i + "\n").getBytes(StandardCharsets.US_ASCII));
      response.flushBuffer();
    }
  }

  private static void text(HttpServletResponse response, String body) throws IOException {
    response.setContentType("application/json;charset=utf-8");
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    response.setContentLength(bytes.length);
    response.getOutputStream().write(bytes);
  }

  private static void field(StringBuilder out, String name, String value) {
    out.append('"').append(name).append("\":");
    if (value == null) out.append("null,");
    else {
      out.append('"');
      for (char c : value.toCharArray()) {
        if (c == '"' || c == '\\') out.append('\\').append(c);
        else if (c < 0x20 || c > 0x7e) out.append(String.format("\\u%04x", (int) c));
        else out.append(c);
      }
      out.append("\",");
    }
  }

  private static MessageDigest sha1() {
    try {
      return MessageDigest.getInstance("SHA-1");
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
